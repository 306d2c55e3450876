//! Names of people, places and firms, such as one meets in the Democratic Republic of the Congo. None means anybody.

/// A city, its province, and some of its communes.
pub(super) type City = (&'static str, &'static str, &'static [&'static str]);

pub(super) const CITIES: &[City] = &[
    ("Kinshasa", "Kinshasa", &["Gombe", "Limete", "Ngaliema", "Kalamu", "Lemba", "Bandalungwa", "Masina", "Kintambo"]),
    ("Lubumbashi", "Haut-Katanga", &["Kenya", "Kamalondo", "Katuba", "Kampemba", "Annexe"]),
    ("Likasi", "Haut-Katanga", &["Shituru", "Panda", "Kikula"]),
    ("Kolwezi", "Lualaba", &["Dilala", "Manika"]),
    ("Goma", "Nord-Kivu", &["Goma", "Karisimbi"]),
    ("Butembo", "Nord-Kivu", &["Kimemi", "Mususa", "Vulamba"]),
    ("Bukavu", "Sud-Kivu", &["Ibanda", "Kadutu", "Bagira"]),
    ("Kisangani", "Tshopo", &["Makiso", "Tshopo", "Mangobo", "Kabondo"]),
    ("Bunia", "Ituri", &["Mbunya", "Nyakasanza", "Shari"]),
    ("Matadi", "Kongo Central", &["Matadi", "Nzanza", "Mvuzi"]),
    ("Boma", "Kongo Central", &["Nzadi", "Kabondo"]),
    ("Mbuji-Mayi", "Kasaï-Oriental", &["Bipemba", "Dibindi", "Kanshi", "Muya"]),
    ("Kananga", "Kasaï-Central", &["Katoka", "Ndesha", "Nganza"]),
    ("Kikwit", "Kwilu", &["Lukolela", "Nzinda", "Kazamba"]),
    ("Mbandaka", "Équateur", &["Mbandaka", "Wangata"]),
];

pub(super) const STREETS: &[&str] = &[
    "avenue des Aviateurs",
    "avenue du Commerce",
    "boulevard du 30 Juin",
    "avenue Kasa-Vubu",
    "avenue de la Libération",
    "avenue Lumumba",
    "rue des Palmiers",
    "avenue Tombalbaye",
    "avenue du Port",
    "chaussée de Kasangulu",
    "rue du Marché",
    "avenue des Écuries",
    "avenue de la Justice",
    "boulevard Sendwe",
];

pub(super) const SURNAMES: &[&str] = &[
    "Kabeya",
    "Mukendi",
    "Tshilombo",
    "Mbuyi",
    "Kalala",
    "Kasongo",
    "Mutombo",
    "Lubaki",
    "Makiese",
    "Nsimba",
    "Mpiana",
    "Bukasa",
    "Katumba",
    "Ntumba",
    "Kapinga",
    "Tshibangu",
    "Banza",
    "Kyungu",
    "Mulumba",
    "Ngandu",
    "Masika",
    "Kavira",
    "Paluku",
    "Kambale",
    "Luzolo",
    "Matondo",
    "Ndaye",
    "Bolamba",
    "Lokwa",
    "Iyolo",
    "Mbombo",
    "Kitenge",
    "Wemba",
    "Nlandu",
    "Phanzu",
    "Muhindo",
];

pub(super) const GIVEN_NAMES: &[&str] = &[
    "Jean-Pierre",
    "Espérance",
    "Dieudonné",
    "Chantal",
    "Trésor",
    "Grâce",
    "Patience",
    "Merveille",
    "Exaucé",
    "Béatrice",
    "Célestin",
    "Joséphine",
    "Héritier",
    "Gloire",
    "Sylvie",
    "Fiston",
    "Nadège",
    "Aimé",
    "Rachel",
    "Blaise",
    "Déborah",
    "Augustin",
];

/// Rivers, lakes and mountains that firms are named after.
pub(super) const PLACES: &[&str] = &[
    "Lomami",
    "Kasaï",
    "Tanganyika",
    "Ruwenzori",
    "Virunga",
    "Mayombe",
    "Inga",
    "Zongo",
    "Lualaba",
    "Uele",
    "Sankuru",
    "Kivu",
    "Tshuapa",
    "Ubangi",
    "Kundelungu",
    "Moero",
    "Lukaya",
    "Malebo",
];

/// A trade: what its firms are called, its industry on the wire, what it sells.
pub(super) type Trade = (&'static str, &'static str, &'static [&'static str]);

pub(super) const TRADES: &[Trade] = &[
    ("Boulangerie", "agroalimentaire", &["Farine de froment", "Levure", "Huile de palme", "Sucre", "Sel fin"]),
    ("Quincaillerie", "commerce", &["Ciment 50 kg", "Tôle ondulée", "Clous 80 mm", "Peinture blanche", "Fer à béton 10 mm"]),
    ("Agro", "agriculture", &["Semences de maïs", "Engrais NPK", "Manioc séché", "Haricots", "Café arabica"]),
    ("Transport", "transport", &["Pneus 11R22.5", "Huile moteur", "Filtres à air", "Batteries 200 Ah"]),
    ("Pharmacie", "santé", &["Paracétamol 500 mg", "Sérum physiologique", "Gants d'examen", "Moustiquaires"]),
    ("Imprimerie", "services", &["Papier A4", "Encre cyan", "Carton bristol", "Reliures"]),
    ("Menuiserie", "industrie", &["Planches de wenge", "Contreplaqué", "Vernis", "Charnières"]),
    ("Télécom", "numérique", &["Routeurs", "Câble fibre", "Cartes SIM", "Antennes relais"]),
];

/// What institutions are called, and their type on the wire.
pub(super) const INSTITUTIONS: &[(&str, &str)] = &[
    ("Banque", "BANQUE"),
    ("Microfinance", "IMF"),
    ("Coopérative d'épargne", "COOPERATIVE_EPARGNE_CREDIT"),
    ("Bureau de change", "BUREAU_CHANGE"),
    ("Crédit populaire", "ETABLISSEMENT_MICRO_CREDIT"),
    ("Mutuelle", "COOPERATIVE_MICRO_CREDIT"),
    ("Paiement mobile", "ETABLISSEMENT_PAIEMENT"),
];
