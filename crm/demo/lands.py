"""What people, towns and firms are called in the countries that Fieldline sells to."""

from typing import NamedTuple

LIFTS, HVAC, COLD, FIRE = "Lifts and escalators", "Heating and ventilation", "Refrigeration", "Fire safety"
DOORS, PLUMBING, BUILDING, POWER = "Doors and gates", "Plumbing", "Building services", "Electrical services"
#: What Fieldline is made for.
TARGETS = (LIFTS, HVAC, COLD, FIRE, DOORS, PLUMBING, BUILDING, POWER)
OTHERS = ("Software", "Consulting", "Education", "Retail")


class Land(NamedTuple):
    """Names are words parted by spaces; ``_`` is a space within one. ``trades``: industry → word in a firm's
    name. ``phone`` ends in a range set aside for fiction where a country has one; ``#`` is a digit."""

    country: str
    zone: str
    share: int
    phone: str
    women: str
    men: str
    surnames: str
    towns: str
    stems: str
    trades: dict[str, str]
    forms: tuple[str, ...]
    titles: tuple[str, ...]

    @property
    def language(self) -> str:
        """The one of ours that people there write in."""
        return {"DE": "de", "AT": "de", "CH": "de", "SE": "sv", "NO": "no", "DK": "da"}.get(
            self.country, "en"
        )


_DE_TRADES = {
    LIFTS: "Aufzugdienst", HVAC: "Klimatechnik", COLD: "Kältetechnik", FIRE: "Brandschutz",
    DOORS: "Torsysteme", PLUMBING: "Sanitär", BUILDING: "Gebäudetechnik", POWER: "Elektroservice",
}  # fmt: skip
_DE_TITLES = ("Leiter Kundendienst", "Geschäftsführerin", "Serviceleitung", "Disposition", "Leitung Technik")

LANDS = (
    Land(
        "DE", "Europe/Berlin", 30, "+49 30 23125 ###",
        "Annegret Birte Carolin Dörte Elif Friederike Gesa Heike Ilka Jule Katrin Lena Merle Nadine Ronja Svenja Wiebke",
        "Arne Bastian Carsten Detlef Emre Falk Götz Holger Ingo Jörg Kai Lutz Malte Niklas Ole Rüdiger Sönke Ümit",
        "Albers Böttcher Claußen Dreyer Eggers Förster Gräf Hölscher Jahnke Köhler Lüders Mühlbauer Nölle Oßwald "
        "Pohlmann Röder Schäfer Thielen Uhlig Voß Weißgerber Yılmaz Zeller",
        "Hannover Bremen Kassel Leipzig Rostock Augsburg Münster Würzburg Göttingen Lübeck Erfurt Koblenz",
        "Elbe Havel Isar Neckar Weser Harz Rhön Spree Lahn Taunus Eifel Saale Ostsee Börde Schwarzwald Voigt "
        "Kessler Lindenau Marquardt Rehberg",
        _DE_TRADES, ("GmbH", "GmbH & Co. KG", "AG"), _DE_TITLES,
    ),
    Land(
        "AT", "Europe/Vienna", 9, "+43 1 555 0####",
        "Barbara Cornelia Gudrun Hermine Ines Kathrin Magdalena Romana Theresa Veronika",
        "Alois Bernhard Christoph Florian Gernot Hannes Josef Lorenz Matthias Stefan",
        "Achleitner Brandstätter Eder Fürnkranz Grübl Höfler Kärntner Leitgeb Moosbrugger Pichler Rußegger Zöhrer",
        "Graz Linz Salzburg Innsbruck Klagenfurt Wels Dornbirn",
        "Donau Enns Tauern Wachau Inntal Mur Karawanken Semmering Steirer Attersee",
        _DE_TRADES, ("GmbH", "GesmbH"), _DE_TITLES,
    ),
    Land(
        "CH", "Europe/Zurich", 9, "+41 44 555 0# ##",
        "Anouk Béatrice Corinne Désirée Fabienne Mélanie Regula Ursina Vreni",
        "Beat Curdin Gian Jürg Luca Reto Sébastien Urs Yannick",
        "Aebischer Bühlmann Caduff Dällenbach Flückiger Gämperli Hürlimann Käser Lüthi Rüegg Stähli Zünd",
        "Winterthur Luzern St._Gallen Bern Chur Thun Olten",
        "Aare Säntis Limmat Rigi Engadin Jura Emmental Gotthard Seeland",
        _DE_TRADES, ("AG", "GmbH"), _DE_TITLES,
    ),
    Land(
        "SE", "Europe/Stockholm", 16, "+46 31 390 06 ##",
        "Åsa Birgitta Ebba Frida Gunilla Hanna Kerstin Linnéa Malin Åse Tove Ylva",
        "Björn Claes Göran Håkan Jörgen Lars-Erik Magnus Niklas Örjan Pär Sören Ulf",
        "Ahlström Bäckman Dahlén Edström Fälth Grönberg Hägglund Kjellberg Löfgren Norén Sjödin Wästlund",
        "Göteborg Malmö Örebro Västerås Umeå Linköping Gävle Växjö",
        "Mälar Vättern Bohus Dalälven Kolmården Skåne Öresund Bergslagen Norrland Roslagen",
        {LIFTS: "Hiss", HVAC: "Ventilation", COLD: "Kyl", FIRE: "Brandskydd", DOORS: "Portservice",
         PLUMBING: "Rör", BUILDING: "Fastighetsteknik", POWER: "Elservice"},
        ("AB",), ("Servicechef", "VD", "Driftschef", "Arbetsledare", "Planerare"),
    ),
    Land(
        "NO", "Europe/Oslo", 9, "+47 555 0# ###",
        "Astrid Bodil Gro Hege Ingeborg Ragnhild Siri Turid Åshild",
        "Anders Bjørn Eirik Gjermund Håvard Kåre Øystein Sverre Trond",
        "Aasen Bråten Drægni Fjeld Grønås Hovland Kvåle Lødøen Nygård Sæther Tveit Øvrebø",
        "Bergen Stavanger Trondheim Drammen Tromsø Ålesund",
        "Sognefjord Jotun Lofot Dovre Hardanger Helgeland Mjøsa Nordmøre",
        {LIFTS: "Heis", HVAC: "Ventilasjon", COLD: "Kjøling", FIRE: "Brannvern", DOORS: "Portservice",
         PLUMBING: "Rørservice", BUILDING: "Byggteknikk", POWER: "Elektro"},
        ("AS",), ("Servicesjef", "Daglig leder", "Driftsleder", "Planlegger", "Avdelingsleder"),
    ),
    Land(
        "DK", "Europe/Copenhagen", 8, "+45 55 50 0# ##",
        "Birgitte Dorthe Freja Gitte Karen Lærke Mette Rikke Sofie",
        "Asger Bjarne Christian Frederik Jesper Kåre Mads Rasmus Søren",
        "Brøndum Damgaard Ellegaard Fløe Højgaard Kjærsgaard Lykke Møller Nørskov Østergaard Ravn Skov",
        "Aarhus Odense Aalborg Esbjerg Kolding Vejle",
        "Limfjord Fyn Lillebælt Himmerland Storå Djurs Silkeborg Vendsyssel",
        {LIFTS: "Elevator", HVAC: "Ventilation", COLD: "Køleteknik", FIRE: "Brandteknik", DOORS: "Porte",
         PLUMBING: "VVS", BUILDING: "Bygningsdrift", POWER: "El-service"},
        ("A/S", "ApS"), ("Servicechef", "Direktør", "Driftsleder", "Disponent", "Afdelingsleder"),
    ),
    Land(
        "FI", "Europe/Helsinki", 6, "+358 9 555 0###",
        "Aino Eeva Hilkka Jaana Kaisa Marjut Päivi Sanna Tuulikki",
        "Antti Eero Heikki Jyrki Kimmo Matti Pekka Seppo Väinö",
        "Ahonen Hämäläinen Järvinen Kähkönen Mäkelä Niskanen Pöyhönen Rämö Särkkä Tähtinen Väisänen Ylönen",
        "Tampere Turku Oulu Jyväskylä Lahti Kuopio",
        "Saimaa Päijänne Kainuu Pohjola Kymi Satakunta Häme Koillis",
        {LIFTS: "Hissihuolto", HVAC: "Ilmanvaihto", COLD: "Kylmätekniikka", FIRE: "Paloturva", DOORS: "Ovihuolto",
         PLUMBING: "Putkihuolto", BUILDING: "Kiinteistötekniikka", POWER: "Sähköhuolto"},
        ("Oy",), ("Huoltopäällikkö", "Toimitusjohtaja", "Työnjohtaja", "Palvelupäällikkö"),
    ),
    Land(
        "NL", "Europe/Amsterdam", 5, "+31 20 555 0###",
        "Annemiek Femke Ilse Jorinde Lotte Marijke Noor Sanne",
        "Bram Diederik Gijs Joost Koen Maarten Ruud Teun",
        "Bakker de_Haan van_Dijk Hoekstra Kuiper ten_Brink Veenstra Wijnands Zwart",
        "Utrecht Eindhoven Groningen Zwolle Breda",
        "Maas Veluwe IJssel Waddenzee Betuwe Kennemer",
        {LIFTS: "Liften", HVAC: "Klimaat", COLD: "Koeltechniek", FIRE: "Brandbeveiliging", DOORS: "Deurtechniek",
         PLUMBING: "Installaties", BUILDING: "Gebouwbeheer", POWER: "Elektrotechniek"},
        ("B.V.",), ("Servicemanager", "Directeur", "Planner", "Bedrijfsleider"),
    ),
    Land(
        "PL", "Europe/Warsaw", 3, "+48 22 555 0# ##",
        "Agnieszka Bożena Dorota Grażyna Małgorzata Zuzanna",
        "Bartłomiej Grzegorz Łukasz Paweł Wojciech Zbigniew",
        "Błaszczyk Dąbek Gołąb Kędzierski Mróz Pająk Szczęsny Źródłowski",
        "Wrocław Gdańsk Poznań Łódź", "Bałtyk Mazury Odra Tatry Warta",
        {LIFTS: "Dźwigi", HVAC: "Klimatyzacja", COLD: "Chłodnictwo", FIRE: "Ochrona Ppoż", DOORS: "Bramy",
         PLUMBING: "Instalacje", BUILDING: "Serwis Budynków", POWER: "Elektroserwis"},
        ("Sp. z o.o.",), ("Kierownik serwisu", "Prezes zarządu", "Dyspozytor"),
    ),
    Land(
        "CZ", "Europe/Prague", 3, "+420 555 0## ###",
        "Alžběta Božena Jiřina Kateřina Radka Zdeňka", "Bedřich Jiří Luboš Ondřej Přemysl Tomáš",
        "Čermák Dvořáček Hájek Kříž Němeček Řezníček Šimůnek Žďárský",
        "Plzeň Ostrava Olomouc Liberec", "Morava Vltava Šumava Krkonoš Haná",
        {LIFTS: "Výtahy", HVAC: "Klima", COLD: "Chlazení", FIRE: "Požární Servis", DOORS: "Vrata",
         PLUMBING: "Instalatérství", BUILDING: "Správa Budov", POWER: "Elektroservis"},
        ("s.r.o.",), ("Vedoucí servisu", "Jednatel", "Dispečer"),
    ),
    Land(
        "FR", "Europe/Paris", 2, "+33 1 99 00 ## ##",
        "Aurélie Bérengère Élodie Hélène Maëlle Solène", "Benoît Cédric Étienne François Loïc Rémi",
        "Bérard Chérel Duchêne Fouché Guérin Lefèvre Péron Sénéchal",
        "Nantes Grenoble Lille Strasbourg", "Loire Vosges Camargue Ardèche Bretagne",
        {LIFTS: "Ascenseurs", HVAC: "Climatique", COLD: "Froid", FIRE: "Sécurité Incendie", DOORS: "Portes",
         PLUMBING: "Plomberie", BUILDING: "Maintenance", POWER: "Électricité"},
        ("SAS", "SARL"), ("Directrice d’exploitation", "Responsable SAV", "Gérant"),
    ),
)  # fmt: skip

#: Days on which nobody works: (month, day) → name.
HOLIDAYS = {
    (1, 1): "New Year’s Day", (1, 6): "Epiphany", (5, 1): "Labour Day", (12, 24): "Christmas Eve",
    (12, 25): "Christmas Day", (12, 26): "Boxing Day", (12, 31): "New Year’s Eve",
}  # fmt: skip

#: Titles that are the same everywhere.
TITLES = (
    "Head of Operations", "Head of Service", "Operations Director", "Service Manager", "Field Service Manager",
    "Managing Director", "COO", "CEO", "VP Service", "Operations Manager", "Dispatch Manager", "IT Manager",
    "Director of Field Operations", "Head of Customer Care", "Planner", "Dispatcher", "Office Manager", "Controller",
)  # fmt: skip
LOW_TITLES = ("Working student", "Intern", "Student", "Trainee")
