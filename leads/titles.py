"""Seniority and department out of a job title: two facts that rules may ask about.

The words below become two SQL functions (``install``) behind generated columns of the lead, so whoever writes
a title, however, the facts follow. Words are compared as whole words, in lower case, in English and in the
languages of the larger European markets. The first row that matches wins; a title in which nothing is
recognised is ``staff`` without a department, an empty one is unknown (empty).
"""

import json

#: Level → words that show it, highest first: "Assistant to the CEO" is no C-level, hence ``staff`` by name
#: comes before.
SENIORITY: dict[str, str] = {
    "student": (
        "student|intern|internship|trainee|apprentice|werkstudent|werkstudentin|praktikant|praktikantin|azubi"
        "|auszubildende|auszubildender|stagiaire|apprenti|becario|becaria|stagista|stagiair|estagiario"
        "|praktikan|elev"
    ),
    "staff": (
        "assistant to|chief of staff|assistent|assistentin|executive assistant|personal assistant"
        "|assistant manager|secretary|sekretar|sekretarin|sekretär|sekretärin|account executive"
        "|product owner|process owner"
    ),
    "founder": (
        "founder|co founder|cofounder|founding partner|owner|co owner|proprietor|inhaber|inhaberin|gründer"
        "|gründerin|mitgründer|mitgründerin|fondateur|fondatrice|fundador|fundadora|fondatore|fondatrice"
        "|oprichter|eigenaar|grundare|grundlegger|eigentümer|eigentümerin"
    ),
    "c_level": (
        "ceo|cfo|cto|cio|cmo|coo|cao|cbo|cco|cdo|cgo|chro|cino|ciso|clo|cno|cpo|cro|cso|cvo|cxo|chief"
        "|geschäftsführer"
        "|geschäftsführerin|geschäftsführung|geschäftsleiter|geschäftsleiterin|geschäftsleitung|vorstand"
        "|vorständin|vorstandsvorsitzender|vorstandsvorsitzende|managing director|general manager"
        "|managing partner|president directeur general|pdg|directeur general|directrice generale"
        "|directeur général|directrice générale|gerente general|director general|directora general"
        "|amministratore delegato|amministratrice delegata|algemeen directeur|verkställande direktör|vd"
        "|daglig leder|adm direktør|administrerende direktør|toimitusjohtaja|dyrektor generalny|prezes"
    ),
    "vp": "vp|svp|evp|avp|vice president|vicepresident|vice presidente|vicepresidente|vice président",
    "head": (
        "head|leiter|leiterin|leitung|leitender|leitende|bereichsleiter|bereichsleiterin|abteilungsleiter"
        "|abteilungsleiterin|vertriebsleiter|vertriebsleiterin|marketingleiter|marketingleiterin"
        "|serviceleiter|serviceleiterin|betriebsleiter|betriebsleiterin|werkleiter|werksleiter"
        "|standortleiter|personalleiter|personalleiterin|einkaufsleiter|einkaufsleiterin|it leiter"
        "|hoofd|jefe|jefa|responsable|responsabile|capo|chef|avdelningschef|kierownik|vedouci|president"
        "|präsident|präsidentin|chairman|chairwoman|chairperson|dean|principal"
    ),
    "director": (
        "director|directors|direktor|direktorin|directeur|directrice|directora|direttore|direttrice|diretor"
        "|diretora|direktør|direktör|johtaja|dyrektor|reditel|ředitel|ředitelka|prokurist|prokuristin"
    ),
    "manager": (
        "manager|managerin|mgr|gestionnaire|gerente|gestor|gestora|lead|team lead|teamlead|teamleiter"
        "|teamleiterin|projektleiter|projektleiterin|gruppenleiter|gruppenleiterin|schichtleiter|supervisor"
        "|superintendent|foreman|disponent|coordinator|koordinator|koordinatorin|coordinateur|coordinatrice"
        "|coordinador|coordinadora|coordinatore|teamleder|ledare|päällikkö|manažer|meister|meisterin"
    ),
    "senior": (
        "senior|sr|sen|principal engineer|staff engineer|expert|experte|expertin|architect|architekt"
        "|architektin"
    ),
}

#: Department → words that show it; the first that matches wins, the narrow before the wide.
DEPARTMENTS: dict[str, str] = {
    "hr": (
        "hr|human resources|people|talent|recruiter|recruiting|recruitment|personnel|personal|personalleiter"
        "|personalleiterin|personalreferent|personalreferentin|chro|cpo people|rh|ressources humaines"
        "|recursos humanos|risorse umane|personeelszaken|payroll"
    ),
    "legal": (
        "legal|counsel|lawyer|attorney|solicitor|paralegal|compliance|recht|jurist|juristin|rechtsanwalt"
        "|rechtsanwältin|juridique|avocat|avocate|legale|clo|privacy|data protection|datenschutz"
    ),
    "purchasing": (
        "purchasing|procurement|purchaser|buyer|sourcing|einkauf|einkäufer|einkäuferin|einkaufsleiter"
        "|einkaufsleiterin|achats|acheteur|acheteuse|compras|comprador|compradora|acquisti|inkoop|inkoper"
        "|beschaffung|indkøb|inköp|innkjøp|cpo procurement"
    ),
    "support": (
        "customer success|customer service|customer support|customer care|customer experience|support"
        "|helpdesk|help desk|kundenservice|kundendienst|kundenbetreuung|kundenbetreuer|kundenbetreuerin"
        "|service client|atencion al cliente|atención al cliente|servizio clienti|klantenservice|cco customer"
    ),
    "marketing": (
        "marketing|marketingleiter|marketingleiterin|marketer|cmo|brand|communications|communication|pr"
        "|public relations|content|seo|sem|growth|demand generation|demand gen|social media|kommunikation"
        "|werbung|mercadotecnia|markedsføring|marknadsföring|markkinointi"
    ),
    "sales": (
        "sales|salesman|saleswoman|salesperson|account executive|account manager|key account"
        "|business development|bdr|sdr|cro|revenue|vertrieb|vertriebsleiter|vertriebsleiterin|verkauf"
        "|verkäufer|verkäuferin|aussendienst|außendienst|ventes|vente|commercial|commerciale|ventas"
        "|comercial|vendite|vendas|verkoop|salg|försäljning|myynti|sprzedaż|obchod"
    ),
    "product": (
        "product|product management|product owner|cpo|produkt|produktmanager|produktmanagerin|produit"
        "|producto|prodotto|ux|ui|user experience|design|designer|designerin"
    ),
    "engineering": (
        "engineer|engineering|engineers|developer|developers|programmer|software|devops|sre|cto|architect"
        "|r d|research|technology|technical director|technical lead|entwicklung|entwickler|entwicklerin"
        "|softwareentwickler|ingenieur|ingenieurin|ingénieur|ingeniero|ingeniera|ingegnere|desarrollador"
        "|desarrolladora|développeur|développeuse|ontwikkelaar|utvecklare|udvikler|utvikler|konstruktion"
    ),
    "it": (
        "it|cio|ciso|information technology|information systems|systems administrator|system administrator"
        "|sysadmin|administrator|network|security|infrastructure|informatik|informatiker|informatikerin"
        "|systemadministrator|edv|informatique|dsi|informática|informatica|data|database|cloud|ict|tietohallinto"
    ),
    "finance": (
        "finance|financial|cfo|controller|controlling|accounting|accountant|treasurer|treasury|audit|auditor"
        "|tax|finanzen|finanz|buchhaltung|buchhalter|buchhalterin|comptable|comptabilité|finances"
        "|finanzas|contabilidad|contador|contadora|finanza|contabilità|financieel|ekonomi|økonomi|talous"
    ),
    "operations": (
        "operations|ops|coo|dispatch|dispatcher|dispatching|disponent|disponentin|disposition|logistics"
        "|logistik|supply chain|field service|service|serviceleiter|serviceleiterin|maintenance|production"
        "|manufacturing|plant|facility|facilities|warehouse|fleet|quality|betrieb|betriebsleiter"
        "|betriebsleiterin|werkleiter|werksleiter|produktion|instandhaltung|lager|qualität|technischer leiter"
        "|exploitation|logistique|operaciones|logística|operazioni|logistica|operaties|drift|tuotanto"
    ),
    "general": (
        "ceo|chief executive|chief executive officer|managing director|general manager|managing partner"
        "|founder|co founder|cofounder|owner|co owner|president|partner|chairman|chairwoman|geschäftsführer"
        "|geschäftsführerin|geschäftsführung|geschäftsleiter|geschäftsleitung|inhaber|inhaberin|gründer"
        "|gründerin|vorstand|vorstandsvorsitzender|pdg|directeur general|directeur général|gerente general"
        "|director general|amministratore delegato|algemeen directeur|verkställande direktör|vd|daglig leder"
        "|toimitusjohtaja|prezes|prokurist|prokuristin|executive"
    ),
}

LEVELS: tuple[str, ...] = (
    "founder", "c_level", "vp", "head", "director", "manager", "senior", "staff", "student",
)  # fmt: skip
DEPARTMENT_NAMES: tuple[str, ...] = tuple(DEPARTMENTS)

#: Words in a phrase, at most.
_LONGEST_PHRASE = 3
#: Everything that is no letter or digit parts words; what is beyond ASCII is a letter but for these.
_BETWEEN = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f\u00a0\u00b7\u2010-\u201f\u2022\u2026\u202f]+"
)


def _function(name: str, rows: dict[str, str], otherwise: str) -> str:
    """Looks each word and phrase of the title up in one object: phrase → place of its row, the first wins.
    A list of patterns would take ten times as long, and every imported lead pays for it."""
    places: dict[str, int] = {}
    for place, phrases in enumerate(rows.values(), 1):
        for phrase in phrases.split("|"):
            places.setdefault(phrase, place)
    return f"""
CREATE OR REPLACE FUNCTION {name}(title text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  known constant jsonb := '{json.dumps(places, ensure_ascii=False)}'::jsonb;
  names constant text[] := '{{{",".join(rows)}}}'::text[];
  words text[];
  first int := {len(rows) + 1};
  gram text;
  place int;
BEGIN
  words := string_to_array(
    btrim(regexp_replace(lower(left(title, 200)), '{_BETWEEN}', ' ', 'g'), ' '), ' ');
  IF cardinality(words) = 0 THEN
    RETURN '';
  END IF;
  FOR i IN 1..cardinality(words) LOOP
    gram := NULL;
    FOR k IN i..least(i + {_LONGEST_PHRASE - 1}, cardinality(words)) LOOP
      gram := concat_ws(' ', gram, words[k]);
      place := known -> gram;
      IF place < first THEN
        first := place;
      END IF;
    END LOOP;
  END LOOP;
  RETURN coalesce(names[first], '{otherwise}');
END
$$"""


#: The functions behind ``Lead.seniority`` and ``Lead.department``. A change of the words needs a migration
#: that replaces them and sets the columns' expression again.
SENIORITY_FUNCTION = _function("leads_seniority", SENIORITY, "staff")
DEPARTMENT_FUNCTION = _function("leads_department", DEPARTMENTS, "")
