//! What is said of financial institutions: the specialised data and their profiles (spec/1 §3.1, §3.5, §3.7).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::company::completeness;
use super::customer::{Customer, address, extend, full_name, person};
use super::draw::{Draw, iso};
use super::names::{CITIES, PLACES};

/// The specialised data: the groups of the contract's table, each a little thinned.
fn specific_data(draw: &mut Draw, customer: &Customer, of: &str, at: DateTime<Utc>) -> Value {
    let mut data = json!({});
    for group in [
        legal(draw, customer, of, at),
        services(draw),
        capital(draw, at),
        governance(draw, at),
        network(draw, at),
        staff(draw),
        financial(draw, at),
        digital(draw, at),
        partnerships(draw, at),
        compliance(draw, at),
        strategy(draw),
    ] {
        extend(&mut data, draw.thin(group, 9));
    }
    if draw.percent(4) {
        extend(&mut data, json!({"codeInterne": draw.between(1, 999)}));
    }
    data
}

fn legal(draw: &mut Draw, customer: &Customer, of: &str, at: DateTime<Utc>) -> Value {
    json!({
        "denominationSociale": customer.name,
        "sigleLegalAbrege": customer.name.chars().filter(|letter| letter.is_uppercase()).collect::<String>(),
        "numeroAgrement": format!("BCC/{}/{:04}", draw.between(1998, 2024), draw.below(10_000)),
        "dateAgrement": draw.day_before(at, 7_000),
        "autoriteSupervision": draw.pick(&["BCC", "BCC", "ARCA"]),
        "typeInstitution": if draw.percent(97) { of } else { "fonds de garantie" },
        "categorieInstitution": draw.pick(&["catégorie 1", "catégorie 2", "catégorie 3"]),
        "numeroRCCM": format!("CD/KNG/RCCM/{:02}-B-{:05}", draw.between(14, 25), draw.below(100_000)),
        "numeroNIF": format!("A{:07}Z", draw.below(10_000_000)),
        "licencesSpeciales": draw.some(&["change manuel", "transfert", "monnaie électronique"]),
        "derniereInspection": draw.day_before(at, 900),
        "statut": draw.pick(&["en activité", "sous surveillance"]),
    })
}

fn services(draw: &mut Draw) -> Value {
    json!({
        "activitesAutorisees": draw.some(&["collecte d'épargne", "octroi de crédit", "change", "transfert"]),
        "servicesOfferts": draw.some(&["épargne", "crédit", "paiement", "change"]),
        "produitsBancaires": draw.some(&["compte courant", "livret", "dépôt à terme"]),
        "servicesCredit": draw.some(&["crédit PME", "microcrédit", "crédit agricole"]),
        "servicesInvestissement": draw.some(&["bons du trésor", "placements"]),
        "servicesGarantie": draw.some(&["caution", "aval"]),
        "servicesTransactionnels": draw.some(&["virement", "paie", "encaissement"]),
        "servicesConseil": draw.some(&["éducation financière", "montage de dossiers"]),
    })
}

fn capital(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    let state_percent = draw.between(0, 60);
    let founder = full_name(draw);
    let mut capital = json!({
        "capitalSocial": draw.amount(3_000_000, 60_000_000),
        "capitalMinimumReglementaire": draw.amount(1_000_000, 8_000_000),
        "capitalLibere": draw.amount(1_000_000, 50_000_000),
        "nombreActionnaires": draw.between(1, 40),
        "devise": draw.pick(&["USD", "CDF"]),
        "structureActionnariat": [
            {"nom": "État", "pourcentage": state_percent, "type": "public"},
            {"nom": founder, "pourcentage": 100 - state_percent, "type": "privé"},
        ],
        "principauxActionnaires": [
            {"nom": founder, "pourcentage": 100 - state_percent, "dateEntree": draw.day_before(at, 5_000), "origine": "RDC"},
        ],
    });
    if draw.percent(2) {
        // Beyond 2^53: it must arrive with all its digits.
        extend(&mut capital, json!({"capitalSocial": 9_007_199_254_740_993_u64}));
    }
    capital
}

fn governance(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    let board = &["Président du conseil", "Administratrice", "Administrateur indépendant"];
    let head = |draw: &mut Draw| {
        let mut head = person(draw, &["Direction"], at);
        extend(
            &mut head,
            json!({"poste": draw.pick(&["Directeur général", "Directrice financière"]), "qualification": "licence"}),
        );
        head
    };
    json!({
        "conseilAdministration": draw.list(0, 3, |draw| person(draw, board, at)),
        "directionGenerale": draw.list(0, 2, head),
        "comitesSpecialises": draw.list(0, 1, |draw| json!({
            "nom": "Comité d'audit", "type": "audit", "president": full_name(draw), "membres": [full_name(draw)],
            "frequenceReunions": "trimestrielle",
        })),
        "auditeurs": draw.list(0, 1, |draw| json!({
            "nom": full_name(draw), "type": draw.pick(&["INTERNE", "EXTERNE"]), "cabinet": "Fiduciaire du Fleuve",
        })),
    })
}

fn network(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    json!({
        "siegeSocial": {"adresse": address(draw), "telephone": "+243810000000", "email": "siege@example.cd", "superficie": 420.5},
        "agences": draw.list(0, 2, |draw| json!({
            "nom": format!("Agence {}", draw.pick(PLACES)), "adresse": address(draw), "dateOuverture": draw.day_before(at, 3_000),
            "typeAgence": draw.pick(&["principale", "secondaire", "point_service"]), "nombreEmployes": draw.between(2, 40),
        })),
        "pointsService": draw.list(0, 2, |draw| json!({
            "type": draw.pick(&["distributeur", "guichet", "agent", "autre"]), "localisation": draw.pick(CITIES).0,
            "statut": draw.pick(&["operationnel", "operationnel", "en_maintenance", "hors_service"]),
        })),
        "reseauDistribution": {
            "couvertureGeographique": [draw.pick(CITIES).1], "nombrePointsService": draw.between(0, 90),
            "populationDesservie": draw.between(1_000, 900_000),
        },
        "zonesCouverture": [draw.pick(CITIES).1],
    })
}

fn staff(draw: &mut Draw) -> Value {
    json!({
        "nombreAgences": draw.between(1, 40),
        "nombrePointsService": draw.between(0, 90),
        "nombreGuichetsAutomatiques": draw.between(0, 60),
        "effectifTotal": draw.between(5, 900),
        "nombreCadres": draw.between(1, 90),
        "nombreAgentsOperationnels": draw.between(3, 700),
    })
}

fn financial(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    json!({
        "chiffreAffaires": draw.amount(400_000, 90_000_000),
        "totalBilan": draw.amount(5_000_000, 900_000_000),
        "fondsPropreNets": draw.amount(1_000_000, 90_000_000),
        "ratioSolvabilite": draw.ratio_percent(6, 24),
        "ratioLiquidite": draw.ratio_percent(85, 210),
        "provisions": draw.amount(0, 5_000_000),
        "creancesDouteuses": draw.amount(0, 4_000_000),
        "totalDepots": draw.amount(1_000_000, 400_000_000),
        "totalCreditsOctroyes": draw.amount(9_000_000, 200_000_000),
        "actifsSousGestion": draw.amount(0, 50_000_000),
        "nombreClientsActifs": draw.between(200, 500_000),
        "notationCredit": {"agence": "Bloomfield", "note": draw.pick(&["A-", "BBB", "BB+"]), "dateEvaluation": draw.day_before(at, 500)},
        "historiquePerformances": draw.list(0, 2, |draw| json!({
            "annee": draw.between(2020, 2025), "resultatNet": draw.amount(10_000, 9_000_000), "roi": draw.ratio_percent(-4, 18),
        })),
    })
}

fn digital(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    json!({
        "siteWeb": "https://www.example.cd",
        "plateformeDigitale": {"nom": "E-guichet", "fonctionnalites": ["solde", "virement"], "nombreUtilisateurs": draw.between(50, 90_000)},
        "servicesEnLigne": draw.some(&["consultation", "virement", "paiement marchand"]),
        "applicationsMobiles": draw.list(0, 1, |draw| json!({
            "nom": "Mobile", "plateforme": "Android", "dateDeployement": draw.day_before(at, 1_500),
            "nombreTelecharges": draw.between(100, 200_000),
        })),
        "presenceEnLigne": {"reseauxSociaux": {"facebook": "example.cd"}},
    })
}

fn partnerships(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    json!({
        "partenairesStrategiques": draw.list(0, 1, |draw| json!({
            "nom": "Fonds d'inclusion", "typePartenariat": "refinancement", "dateDebut": draw.day_before(at, 2_000),
        })),
        "affiliationsInternationales": draw.list(0, 1, |draw| json!({
            "organisation": "Réseau africain de microfinance", "dateAdhesion": draw.day_before(at, 2_000),
        })),
        "reseauxCorrespondants": draw.list(0, 1, |draw| json!({
            "banque": "Banque correspondante", "pays": draw.pick(&["BE", "FR", "ZA"]), "devise": "EUR", "typeRelation": "nostro",
        })),
    })
}

fn compliance(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    let statuses = &["conforme", "conforme", "conforme", "en_cours", "non_conforme"];
    json!({
        "certificationsISO": draw.some(&["ISO 9001", "ISO 27001"]),
        "certificationsObtenues": draw.some(&["PCI DSS", "Smart Campaign"]),
        "auditExterne": {"cabinetAudit": "Fiduciaire du Fleuve", "derniereDate": draw.day_before(at, 800), "conclusions": "sans réserve"},
        "rapportsConformite": draw.list(0, 2, |draw| json!({
            "type": draw.pick(&["LBC-FT", "prudentiel"]), "periode": draw.between(2022, 2025).to_string(), "statut": draw.pick(statuses),
        })),
        "accordsConformite": [{"typeAccord": "FATCA", "description": "échange automatique"}],
        "documentsLegaux": draw.list(0, 1, |draw| json!({
            "typeDocument": "statuts", "numeroReference": draw.between(1, 9_999).to_string(), "dateEmission": draw.day_before(at, 5_000),
        })),
        "notesConformite": "dossier revu",
        "indicateursRisque": {
            "niveauRisqueGlobal": draw.pick(&["faible", "faible", "moyen", "eleve"]), "risqueCredit": draw.ratio_percent(0, 30),
            "derniereMiseAJour": draw.day_before(at, 300),
        },
    })
}

fn strategy(draw: &mut Draw) -> Value {
    json!({
        "perspectivesStrategiques": "extension vers l'est",
        "projetsDeveloppement": draw.some(&["banque mobile", "nouvelles agences"]),
        "investissementsPrevis": [{"domaine": "informatique", "montant": draw.amount(10_000, 900_000), "echeance": "2027"}],
        "contactsPrincipaux": [{"nom": full_name(draw), "fonction": "Conformité", "telephone": "+243820000000"}],
        "notesSpeciales": "",
        "validePar": full_name(draw),
        "statutValidation": draw.pick(&["en_attente", "valide", "rejete"]),
    })
}

fn regulatory(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    let whole = json!({
        "complianceStatus": draw.pick(&["compliant", "compliant", "under_review", "non_compliant"]),
        "lastAuditDate": draw.day_before(at, 700),
        "reportingRequirements": draw.some(&["mensuel", "trimestriel", "annuel"]),
        "riskAssessment": draw.pick(&["faible", "moyen"]),
    });
    draw.thin(whole, 8)
}

/// An event of specialised data.
pub(super) fn specific_data_event(draw: &mut Draw, customer: &Customer, of: &str, at: DateTime<Utc>) -> Value {
    json!({
        "customerId": customer.id,
        "dataVersion": "2.1",
        "dataType": "FINANCIAL_INSTITUTION_SPECIFIC_V2_1",
        "timestamp": iso(at),
        "specificData": specific_data(draw, customer, of, at),
    })
}

/// A complete profile of an institution.
pub(super) fn complete_profile(draw: &mut Draw, customer: &Customer, of: &str, at: DateTime<Utc>) -> Value {
    let mut profile = customer.base(draw, at);
    let optional = json!({
        "institutionSpecificData": specific_data(draw, customer, of, at),
        "complianceData": regulatory(draw, at),
        "performanceMetrics": {"disponibilite": draw.ratio_percent(90, 100), "reclamations": draw.between(0, 60)},
    });
    extend(&mut profile, draw.thin(optional, 25));
    extend(&mut profile, json!({"profileCompleteness": completeness(draw)}));
    profile
}

/// A shared profile of an institution.
pub(super) fn shared_profile(draw: &mut Draw, customer: &Customer, of: &str, at: DateTime<Utc>) -> Value {
    let mut institution = json!({
        "type": of,
        "category": draw.pick(&["catégorie 1", "catégorie 2"]),
        "licenseNumber": format!("BCC/{}/{:04}", draw.between(1998, 2024), draw.below(10_000)),
        "establishedDate": draw.day_before(at, 9_000),
        "website": "https://www.example.cd",
        "branches": draw.list(0, 2, address),
        "certifications": draw.some(&["ISO 9001", "ISO 27001"]),
        "creditRating": draw.pick(&["A-", "BBB", "BB+"]),
    });
    for group in [legal(draw, customer, of, at), governance(draw, at), capital(draw, at)] {
        extend(&mut institution, draw.thin(group, 30));
    }
    let mut profile = customer.base(draw, at);
    let own = json!({"institutionProfile": institution, "profileCompleteness": completeness(draw), "lastProfileUpdate": iso(at)});
    extend(&mut profile, own);
    if draw.percent(80) {
        extend(&mut profile, json!({"regulatoryProfile": regulatory(draw, at)}));
    }
    profile
}
