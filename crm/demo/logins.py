"""Who works at the made-up company. All have the password that ``settings.DEMO_PASSWORD`` says."""

from typing import NamedTuple

from accounts.models import Role

DOMAIN = "fieldline.example"
DACH, NORDICS = "DACH", "Nordics"


class Login(NamedTuple):
    """One person of the company; ``teams`` by name."""

    email: str
    name: str
    role: Role
    teams: tuple[str, ...] = ()
    time_zone: str = "Europe/Berlin"


STAFF = (
    Login(f"admin@{DOMAIN}", "Annika Vogt", Role.ADMIN),
    Login(f"marketer@{DOMAIN}", "Clara Neumayr", Role.MARKETER, time_zone="Europe/Vienna"),
    Login(f"manager@{DOMAIN}", "Thomas Brandl", Role.MANAGER, (DACH,)),
    Login(f"rep@{DOMAIN}", "Leonie Stadler", Role.REP, (DACH,)),
    Login(f"emil.hakansson@{DOMAIN}", "Emil Håkansson", Role.MARKETER, time_zone="Europe/Stockholm"),
    Login(f"ingrid.solheim@{DOMAIN}", "Ingrid Solheim", Role.MANAGER, (NORDICS,), "Europe/Oslo"),
    Login(f"jan.petersen@{DOMAIN}", "Jan Petersen", Role.REP, (DACH,)),
    Login(f"mirjam.gerber@{DOMAIN}", "Mirjam Gerber", Role.REP, (DACH,), "Europe/Zurich"),
    Login(f"axel.nystrom@{DOMAIN}", "Axel Nyström", Role.REP, (NORDICS,), "Europe/Stockholm"),
    Login(f"signe.kjaer@{DOMAIN}", "Signe Kjær", Role.REP, (NORDICS,), "Europe/Copenhagen"),
    Login(f"tuomas.lehtinen@{DOMAIN}", "Tuomas Lehtinen", Role.REP, (NORDICS,), "Europe/Helsinki"),
)

#: Whose queue is full when the demo starts. Of each role, the first in STAFF is the one to try first.
REP = STAFF[3].email
#: Writes down what campaigns cost.
MARKETER = STAFF[1].email
#: Leads the demo rep's team.
MANAGER = STAFF[2].email
#: Of the demo rep's team, and speaks French.
COLLEAGUE = f"mirjam.gerber@{DOMAIN}"
#: Speaks Danish and Norwegian, and gets those leads first.
SIGNE = f"signe.kjaer@{DOMAIN}"
