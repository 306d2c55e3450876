//! Assets and stocks, with their summaries (spec/1 §3.2, §3.3).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::customer::{Kind, full_name};
use super::draw::{Draw, hundredths, in_hundredths, iso};
use super::names::TRADES;

const ASSETS: &[(&str, &str)] = &[
    ("Camion benne", "vehicule"),
    ("Groupe électrogène 60 kVA", "equipement"),
    ("Dépôt", "immobilier"),
    ("Four rotatif", "equipement"),
    ("Serveur", "informatique"),
    ("Panneaux solaires", "equipement"),
    ("Immeuble de bureaux", "immobilier"),
    ("Chambre froide", "equipement"),
];

/// The lines of the assets.
pub(super) fn assets(draw: &mut Draw, at: DateTime<Utc>) -> Value {
    draw.list(0, 5, |draw| {
        let (name, category) = draw.pick(ASSETS);
        let bought = draw.amount(800, 400_000);
        // Most keep some of their value, a few hardly any.
        let left_percent = if draw.percent(8) { draw.between(2, 19) } else { draw.between(25, 110) };
        let mut asset = json!({
            "id": draw.uuid(),
            "nom": name,
            "categorie": category,
            "valeurActuelle": hundredths(in_hundredths(&bought) * i64::from(left_percent) / 100),
            "prixAchat": bought,
            "dateAcquisition": draw.day_before(at, 4_500),
            "dateEvaluation": draw.day_before(at, 1_000),
            "etatActuel": draw.pick(&["neuf", "tres_bon", "bon", "moyen", "mauvais", "deteriore"]),
            "proprietaire": full_name(draw),
        });
        let warranty = if draw.percent(30) { draw.day_before(at, 700) } else { draw.day_after(at, 900) };
        let optional = json!({
            "description": format!("{name}, acquis d'occasion"),
            "localisation": draw.pick(&["siège", "dépôt", "agence"]),
            "numeroSerie": format!("SN-{:07}", draw.below(10_000_000)),
            "garantie": {"dateExpiration": warranty, "fournisseur": draw.pick(&["Kin Équipements", "Katanga Motors", "SOCIMEX"])},
            "documentsAssocies": ["facture.pdf"],
            "metadata": {"inventaire": draw.between(1, 999)},
        });
        super::customer::extend(&mut asset, draw.thin(optional, 45));
        asset
    })
}

/// The lines of the stocks.
pub(super) fn stocks(draw: &mut Draw, kind: Kind, at: DateTime<Utc>) -> Value {
    let (_, _, goods) = match kind {
        Kind::Company(trade) => trade,
        Kind::Institution(_) => TRADES[0],
    };
    draw.list(0, 5, |draw| {
        let minimum = draw.between(5, 40);
        let quantity = if draw.percent(10) { draw.below(minimum + 1) } else { draw.between(minimum + 1, 600) };
        let cost = draw.amount(1, 900);
        let mut stock = json!({
            "id": draw.uuid(),
            "nomProduit": draw.pick(goods),
            "codeProduit": format!("P-{:05}", draw.below(100_000)),
            "categorie": draw.pick(&["matieres_premieres", "produits_finis", "consommables"]),
            "quantiteStock": quantity,
            "seuilMinimum": minimum,
            "seuilMaximum": draw.between(700, 2_000),
            "valeurTotaleStock": hundredths(in_hundredths(&cost) * i64::from(quantity)),
            "coutUnitaire": cost,
            "uniteMessure": draw.pick(&["kg", "sac", "pièce", "litre", "carton"]),
            "dateEntreeStock": draw.day_before(at, 500),
            "emplacementStock": format!("Rayon {}", draw.between(1, 30)),
            "etatStock": if draw.percent(90) { "disponible" } else { draw.pick(&["reserve", "endommage", "expire"]) },
        });
        let optional = json!({
            "fournisseurPrincipal": draw.pick(&["Minoterie de Matadi", "Comptoir du Kivu", "Importex"]),
            "dateDerniereRotation": draw.day_before(at, 200),
            "metadata": {"lot": draw.between(1, 5_000)},
        });
        super::customer::extend(&mut stock, draw.thin(optional, 30));
        stock
    })
}

/// The sum of a member over lines.
pub(super) fn total(lines: &Value, member: &str) -> Value {
    hundredths(lines.as_array().into_iter().flatten().map(|line| in_hundredths(&line[member])).sum())
}

/// An assets event.
pub(super) fn assets_event(draw: &mut Draw, customer: &str, at: DateTime<Utc>) -> Value {
    let lines = assets(draw, at);
    let (bought, value) = (in_hundredths(&total(&lines, "prixAchat")), in_hundredths(&total(&lines, "valeurActuelle")));
    let depreciation = if bought > 0 { (bought - value) * 10_000 / bought } else { 0 };
    json!({
        "customerId": customer,
        "dataVersion": "2.1",
        "dataType": "ASSET_DATA_V2_1",
        "timestamp": iso(at),
        "summary": {
            "totalValue": hundredths(value),
            "assetsCount": lines.as_array().map_or(0, Vec::len),
            "lastUpdateDate": iso(at),
            "depreciation": hundredths(depreciation),
        },
        "assets": lines,
    })
}

/// A stocks event.
pub(super) fn stocks_event(draw: &mut Draw, customer: &str, kind: Kind, at: DateTime<Utc>) -> Value {
    let lines = stocks(draw, kind, at);
    let low = |line: &&Value| line["quantiteStock"].as_u64() <= line["seuilMinimum"].as_u64();
    json!({
        "customerId": customer,
        "dataVersion": if draw.percent(5) { json!(2.1) } else { json!("2.1") },
        "dataType": "STOCK_DATA_V2_1",
        "timestamp": iso(at),
        "summary": {
            "totalStockValue": total(&lines, "valeurTotaleStock"),
            "totalItems": lines.as_array().map_or(0, Vec::len),
            "lowStockItems": lines.as_array().map_or(0, |lines| lines.iter().filter(low).count()),
            "lastUpdateDate": iso(at),
        },
        "stocks": lines,
    })
}

/// The patrimony of a complete or shared profile; `dated` is the name of its date there.
pub(super) fn patrimony(draw: &mut Draw, kind: Kind, at: DateTime<Utc>, dated: &str) -> Value {
    let (assets, stocks) = (assets(draw, at), stocks(draw, kind, at));
    let totals = (total(&assets, "valeurActuelle"), total(&stocks, "valeurTotaleStock"));
    json!({"totalAssetsValue": totals.0, "totalStockValue": totals.1, dated: iso(at), "assets": assets, "stocks": stocks})
}
