//! What is said of companies: their profile and their identification form (spec/1 §3.4, §3.5, §3.7).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::customer::{Customer, Kind, address, extend, full_name, person};
use super::draw::{Draw, hundredths, iso};
use super::patrimony::patrimony;

const FORMS: &[&str] = &["SARL", "SA", "SAS", "Ets", "SNC"];

/// The producer's own view of how complete a profile is.
pub(super) fn completeness(draw: &mut Draw) -> Value {
    json!({
        "percentage": draw.between(20, 100),
        "missingFields": draw.some(&["logo", "natId", "socialMedia"]),
        "completedSections": draw.some(&["basic", "legal", "patrimoine"]),
    })
}

/// A company's profile.
fn profile(draw: &mut Draw, industry: &str) -> Value {
    let whole = json!({
        "legalForm": draw.pick(FORMS),
        "industry": industry,
        "size": draw.pick(&["micro", "petite", "moyenne"]),
        "rccm": format!("CD/KNG/RCCM/{:02}-B-{:05}", draw.between(14, 25), draw.below(100_000)),
        "taxId": format!("A{:07}X", draw.below(10_000_000)),
        "natId": format!("01-F{:04}-N{:05}", draw.below(10_000), draw.below(100_000)),
        "activities": draw.some(&["vente en gros", "vente au détail", "importation", "transformation", "livraison"]),
        "capital": {"montant": draw.amount(500, 900_000), "devise": draw.pick(&["USD", "CDF"])},
        "financials": {"chiffreAffaires": draw.amount(10_000, 4_000_000), "exercice": draw.between(2022, 2025)},
        "owner": {"nom": full_name(draw), "pourcentage": draw.between(20, 100)},
        "associates": draw.list(0, 3, |draw| json!({"nom": full_name(draw), "parts": draw.between(1, 40)})),
        "locations": draw.list(1, 2, |draw| json!({"type": draw.pick(&["siege", "depot"]), "adresse": address(draw)})),
        "yearFounded": draw.between(1975, 2025),
        "employeeCount": draw.between(1, 240),
    });
    draw.thin(whole, 9)
}

/// The identification form; its fields of the form itself stand beside its five sections.
fn form(draw: &mut Draw, customer: &Customer, at: DateTime<Utc>) -> Value {
    let complete = draw.percent(65);
    let mut form = sections(draw, customer, at);
    let percentage = if complete { 100 } else { draw.between(10, 95) };
    extend(&mut form, json!({"completionPercentage": percentage, "isComplete": complete, "lastUpdated": iso(at)}));
    if complete && draw.percent(40) {
        let validator = format!("agent-{:03}", draw.between(1, 60));
        extend(&mut form, json!({"validatedBy": validator, "validationDate": draw.day_before(at, 60)}));
    }
    form
}

fn sections(draw: &mut Draw, customer: &Customer, at: DateTime<Utc>) -> Value {
    let general = json!({
        "denominationSociale": customer.name,
        "formeJuridique": draw.pick(FORMS),
        "secteurActivite": {"principal": industry(customer), "secondaire": draw.some(&["commerce", "services", "import-export"])},
        "tailleEntreprise": draw.pick(&["micro", "petite", "moyenne", "grande"]),
        "anneeCreation": draw.between(1975, 2025),
        "numeroImpot": format!("A{:07}X", draw.below(10_000_000)),
    });
    let legal = json!({
        "siegeSocial": address(draw),
        "capitalSocial": draw.amount(500, 900_000),
        "nombreActions": draw.between(10, 1_000),
        "dirigeants": draw.list(1, 2, |draw| person(draw, &["Gérant", "Directrice générale", "Associé gérant"], at)),
    });
    let means = json!({
        "chiffreAffairesAnnuel": draw.amount(5_000, 3_000_000),
        "beneficeNet": hundredths((i64::from(draw.below(500_000)) - 90_000) * 10),
        "totalActifs": draw.amount(2_000, 2_000_000),
        "nombreEmployes": draw.between(0, 120),
        "creancesClients": draw.amount(0, 90_000),
        "dettesFournisseurs": draw.amount(0, 90_000),
    });
    let performance = json!({
        "croissanceCA": draw.ratio_percent(-20, 45),
        "evolitionEffectifs": draw.ratio_percent(-30, 30),
        "projetsDeveloppement": draw.some(&["deuxième dépôt", "vente en ligne", "énergie solaire"]),
        "defisRencontres": draw.some(&["accès au crédit", "coût de l'énergie", "état des routes"]),
    });
    json!({
        "generalInfo": general,
        "legalInfo": legal,
        "patrimonyAndMeans": draw.thin(means, 12),
        "specificities": {"clientsPrincipaux": draw.list(0, 1, |draw| json!({"nom": full_name(draw)}))},
        "performance": draw.thin(performance, 12),
    })
}

fn industry(customer: &Customer) -> &'static str {
    match customer.kind {
        Kind::Company((_, industry, _)) => industry,
        Kind::Institution(_) => "finance",
    }
}

/// An identification event.
pub(super) fn identification_event(draw: &mut Draw, customer: &Customer, at: DateTime<Utc>) -> Value {
    json!({
        "customerId": customer.id,
        "dataVersion": "2.1",
        "dataType": "ENTERPRISE_IDENTIFICATION_FORM_V2_1",
        "timestamp": iso(at),
        "identification": form(draw, customer, at),
    })
}

/// A complete profile of a company.
pub(super) fn complete_profile(draw: &mut Draw, customer: &Customer, at: DateTime<Utc>) -> Value {
    let mut profile = customer.base(draw, at);
    let optional = json!({
        "companySpecificData": self::profile(draw, industry(customer)),
        "extendedIdentification": form(draw, customer, at),
        "patrimoine": patrimony(draw, customer.kind, at, "lastUpdateDate"),
        "performanceMetrics": {"ponctualite": draw.ratio_percent(40, 100), "commandes": draw.between(0, 900)},
    });
    extend(&mut profile, draw.thin(optional, 25));
    extend(&mut profile, json!({"profileCompleteness": completeness(draw)}));
    profile
}

/// A shared profile of a company.
pub(super) fn shared_profile(draw: &mut Draw, customer: &Customer, at: DateTime<Utc>) -> Value {
    let mut profile = customer.base(draw, at);
    extend(
        &mut profile,
        json!({
            "companyProfile": self::profile(draw, industry(customer)),
            "patrimoine": patrimony(draw, customer.kind, at, "lastValuationDate"),
            "profileCompleteness": completeness(draw),
            "lastProfileUpdate": iso(at),
        }),
    );
    if draw.percent(25) {
        extend(&mut profile, json!({"extendedProfile": form(draw, customer, at)}));
    }
    profile
}
