"""Headings that tools and people write above columns, by what they mean. Compared without case, accents and
signs, so "E-Mail", "email" and "E_MAIL" are one."""

#: HubSpot, Salesforce, LinkedIn, Mautic, lead ads of Facebook and Google; English, German, Spanish, French.
HEADINGS: dict[str, tuple[str, ...]] = {
    "email": (
        "Email", "E-mail", "Mail", "Email Address", "E-mail Address", "Mail Address", "Lead Email",
        "Work Email",
        "Business Email", "Company Email", "Contact Email", "Primary Email", "User Email", "Person Email",
        "Email Adresse", "E-Mail-Adresse", "Mailadresse", "Correo", "Correo electrónico",
        "Dirección de correo",
        "Courriel", "Adresse e-mail", "Adresse mail", "Adresse électronique",
    ),
    "name": (
        "Name", "Full Name", "Contact Name", "Lead Name", "Person", "Contact", "Person Name", "Customer Name",
        "Vollständiger Name", "Ansprechpartner", "Kontakt", "Nombre", "Nombre completo", "Contacto",
        "Nom complet", "Nom et prénom", "Prénom et nom",
    ),
    "first_name": (
        "First Name", "First", "Given Name", "Forename", "Vorname", "Nombre de pila", "Primer nombre",
        "Prénom",
    ),
    "last_name": (
        "Last Name", "Last", "Surname", "Family Name", "Nachname", "Familienname", "Apellido", "Apellidos",
        "Nom de famille", "Nom",
    ),
    "title": (
        "Title", "Job Title", "Position", "Job", "Role", "Job Role", "Headline", "Occupation", "Jobtitel",
        "Funktion", "Stelle", "Berufsbezeichnung", "Cargo", "Puesto", "Fonction", "Poste",
        "Intitulé du poste",
    ),
    "phone": (
        "Phone", "Phone Number", "Telephone", "Telephone Number", "Tel", "Mobile", "Mobile Phone",
        "Mobile Number",
        "Mobile Phone Number", "Cell", "Cell Phone", "Lead Phone", "Work Phone", "Business Phone",
        "Contact Number",
        "Telefon", "Telefonnummer", "Handy", "Mobil", "Mobiltelefon", "Rufnummer", "Teléfono", "Móvil",
        "Número de teléfono", "Téléphone", "Numéro de téléphone", "Portable", "WhatsApp",
    ),
    "country": (
        "Country", "Country/Region", "Country Name", "Country or Region", "Mailing Country", "Land", "País",
        "Pays",
    ),
    "city": ("City", "Town", "Mailing City", "Stadt", "Ort", "Wohnort", "Ciudad", "Ville"),
    "source": (
        "Source", "Lead Source", "Original Source", "Original Traffic Source", "Channel", "UTM Source",
        "Quelle", "Leadquelle", "Herkunft", "Origen", "Fuente", "Origine",
    ),
    "campaign": (
        "Campaign", "Campaign Name", "Ad Name", "UTM Campaign", "Form Name", "Conversion Name", "Kampagne",
        "Campaña", "Campagne",
    ),
    "company": (
        "Company", "Company Name", "Account Name", "Account", "Organization", "Organisation", "Org",
        "Organization Name",
        "Associated Company", "Business Name", "Employer", "Firm", "Firma", "Unternehmen", "Firmenname",
        "Empresa", "Compañía", "Nombre de la empresa", "Entreprise", "Société", "Organisme",
    ),
    "domain": (
        "Website", "Website URL", "Company Domain", "Company Domain Name", "Company Website", "Domain", "Web",
        "Homepage", "Webseite", "Internetseite", "Sitio web", "Dominio", "Site web", "Site internet",
        "Domaine",
    ),
    "employees": (
        "Employees", "Number of Employees", "No. of Employees", "Company Size", "Employee Count", "Headcount",
        "Mitarbeiter", "Anzahl Mitarbeiter", "Mitarbeiterzahl", "Empleados", "Número de empleados",
        "Effectif",
        "Nombre d'employés", "Salariés",
    ),
    "revenue": (
        "Revenue", "Annual Revenue", "Turnover", "Umsatz", "Jahresumsatz", "Ingresos", "Ingresos anuales",
        "Facturación", "Chiffre d'affaires",
    ),
    "industry": ("Industry", "Sector", "Branche", "Industrie", "Industria", "Secteur", "Secteur d'activité"),
    "created_at": (
        "Created", "Created At", "Created Time", "Created Date", "Create Date", "Creation Date",
        "Date Created",
        "Created On", "Date Added", "Added On", "Conversion Time", "Submitted At", "Submission Date",
        "Connected On", "Date Identified", "Signup Date", "Timestamp", "Erstellt", "Erstellt am",
        "Erstellungsdatum", "Angelegt am", "Fecha de creación", "Fecha de alta", "Creado", "Date de création",
        "Créé le",
    ),
    "external_id": (
        "Record ID", "Lead ID", "Contact ID", "Record Id - Contact", "Person ID", "Customer ID",
        "Mautic ID", "ID",
        "External ID", "Kundennummer", "Kontakt-ID", "Identifiant", "Identificador",
    ),
    "consent": (
        "Consent", "Email Consent", "Marketing Consent", "Opt-in", "Email Opt-in", "Newsletter Consent",
        "Subscribed",
        "May we write", "May we write?", "GDPR Consent", "Einwilligung", "Werbeeinwilligung",
        "Consentimiento",
        "Consentement",
    ),
    "opt_out": (
        "Email Opt Out", "Opt Out", "Has Opted Out of Email", "Unsubscribed", "Unsubscribed from all email",
        "Do Not Email", "Do not contact", "Abgemeldet", "Desuscrito", "Désinscrit", "Désabonné",
    ),
    "phone_opt_out": ("Do Not Call", "Do not phone", "Nicht anrufen", "No llamar", "Ne pas appeler"),
    "status": (
        "Status", "Lead Status", "Stage", "Lifecycle Stage", "Lead Stage", "Contact Status", "Phase",
        "Estado",
        "Estatus", "Statut", "Étape", "Etapa",
    ),
}  # fmt: skip

#: What the columns of a file about something else than people are.
FOR_KIND: dict[str, dict[str, tuple[str, ...]]] = {
    "companies": {
        "company": ("Name", "Firmenname", "Nombre", "Nom", "Company Name"),
        "external_id": ("Company ID", "Account ID", "Record ID - Company", "Record ID", "ID"),
    },
    "activities": {
        "activity_type": (
            "Activity", "Activity Type", "Event", "Event Name", "Event Type", "Type", "Action", "Aktivität",
            "Ereignis", "Actividad", "Evento", "Activité", "Événement",
        ),
        "happened_at": (
            "Date", "Time", "Timestamp", "Occurred At", "Activity Date", "Event Time", "Event Date", "When",
            "Happened At", "Created At", "Datum", "Zeitpunkt", "Fecha", "Date de l'événement",
        ),
        "event_id": ("Event ID", "Activity ID", "Message ID"),
    },
    "outcomes": {
        "deal_id": ("Deal ID", "Opportunity ID", "Record ID"),
        "deal_name": ("Deal Name", "Opportunity Name", "Deal", "Opportunity", "Geschäft"),
        "amount": ("Amount", "Deal Amount", "Value", "Deal Value", "Price", "Betrag", "Wert", "Importe",
        "Montant"),
        "lost_reason": ("Lost Reason", "Closed Lost Reason", "Loss Reason", "Verlustgrund"),
        "closed_at": (
            "Close Date", "Closed At", "Closed On", "Won At", "Closed Date", "Won Date", "Abschlussdatum",
            "Fecha de cierre", "Date de clôture",
        ),
        "status": ("Deal Stage", "Outcome", "Result", "Won", "Ergebnis", "Resultado", "Résultat"),
    },
}  # fmt: skip
