//! The bare client of the benchmarks: loops the sink's own `write` over ready-made rows, and prints rows per second.
//!
//! ```text
//! bare_upsert URL [CUSTOMERS] [BATCH] [ROUNDS] [LANES]
//! ```
//!
//! Defaults: 20,000 customers, 2,000 rows a batch, 3 rounds, 1 lane. The first round writes new rows, the others update them; every row
//! is about 5 KB of JSON. The database is migrated, and should be empty. A lane is a task that writes its share of the batches.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use schemas::profile::{
    Completeness, Computed, Conformity, FinancialMetrics, Insights, InventoryMetrics, Issue, IssueCategory, Profile, Rating,
    Section, SectionName, SectionSet, Severity, Stamp, View,
};
use schemas::store::{Batch, HistoryEntry, Row, Written};
use schemas::{Json, Origin, TopicName};
use sinks::{Settings, Sink};

type Failure = Box<dyn Error + Send + Sync>;

/// What the command line asks for.
struct Plan {
    url: String,
    customers: usize,
    batch: usize,
    rounds: i64,
    lanes: usize,
}

impl Plan {
    fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let url = arguments.next().ok_or("usage: bare_upsert URL [CUSTOMERS] [BATCH] [ROUNDS] [LANES]")?;
        let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse::<usize>());
        let (customers, batch, rounds, lanes) = (number(20_000)?, number(2_000)?, number(3)?, number(1)?);
        Ok(Self { url, customers, batch: batch.max(1), rounds: i64::try_from(rounds)?, lanes: lanes.max(1) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let plan = Plan::of(std::env::args().skip(1))?;
    let settings = Settings::new("bare");
    sinks::migrate_run(&plan.url, &settings).await?;
    let sink = sinks::open(&plan.url, &settings).await?;
    for round in 0..plan.rounds {
        let batches = batches(&plan, round)?;
        let bytes: usize = batches.iter().flat_map(|batch| &batch.rows).map(size_bytes).sum();
        let elapsed = write(&sink, batches, plan.lanes).await?;
        let what = if round == 0 { "new rows" } else { "updates" };
        let rate = plan.customers as f64 / elapsed.as_secs_f64();
        println!(
            "{what}: {rate:.0} rows/s ({} rows of {} bytes in {elapsed:.2?})",
            plan.customers,
            bytes / plan.customers.max(1)
        );
    }
    sink.close().await;
    Ok(())
}

/// Writes all batches, lane by lane in parallel. Answers the time it took; making the rows is not in it.
async fn write(sink: &Arc<dyn Sink>, batches: Vec<Batch>, lanes: usize) -> Result<Duration, Failure> {
    let mut shares: Vec<Vec<Batch>> = (0..lanes).map(|_| Vec::new()).collect();
    for (number, batch) in batches.into_iter().enumerate() {
        shares[number % lanes].push(batch);
    }
    let begun = Instant::now();
    let lanes: Vec<_> = shares.into_iter().map(|share| tokio::spawn(lane(Arc::clone(sink), share))).collect();
    for lane in lanes {
        lane.await??;
    }
    Ok(begun.elapsed())
}

async fn lane(sink: Arc<dyn Sink>, share: Vec<Batch>) -> Result<(), Failure> {
    for batch in &share {
        match sink.write(batch).await? {
            Written::Durable => {}
            Written::Stale(customers) => {
                return Err(format!("{} rows are not as they should be: start from an empty database", customers.len()).into());
            }
        }
    }
    Ok(())
}

fn batches(plan: &Plan, round: i64) -> Result<Vec<Batch>, Failure> {
    let numbers: Vec<usize> = (0..plan.customers).collect();
    numbers.chunks(plan.batch).map(|numbers| batch(numbers, round)).collect()
}

fn batch(numbers: &[usize], round: i64) -> Result<Batch, Failure> {
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(round);
    let mut batch = Batch { now, changelog: Some(TopicName::try_from("customer.profiles")?), ..Batch::default() };
    for &number in numbers {
        let row = row(number, round, now)?;
        batch.history.push(HistoryEntry {
            customer_id: row.profile.customer_id.clone(),
            version: round + 1,
            field: "completeness",
            before: None,
            after: Some("80".into()),
            event_id: row.last_event_id.clone(),
        });
        batch.rows.push(row);
    }
    Ok(batch)
}

fn row(number: usize, round: i64, now: DateTime<Utc>) -> Result<Row, Failure> {
    let mut profile = Profile::new(format!("customer-{number:07}"));
    profile.version = round;
    let origin = Origin { topic: TopicName::try_from("admin.customer.assets.data")?, partition: 0, offset: number as u64 };
    let event_id: Arc<str> = format!("event-{number}-{round}").into();
    let stamp = Stamp { at: now, event_id: Arc::clone(&event_id), origin };
    let sections = [
        (SectionName::Basic, basic(number)),
        (SectionName::CompanyProfile, company(number)),
        (SectionName::ExtendedProfile, form(number, round)),
        (SectionName::Assets, lines(number, round, asset)),
        (SectionName::Stocks, lines(number, round, stock)),
    ];
    for (name, text) in sections {
        profile.sections.join(name, Section { stamp: stamp.clone(), value: Json::parse_own(&text)?, summary: None });
    }
    let view = View::of(&profile);
    let unchanged = SectionSet::default();
    Ok(Row { view, profile, unchanged, computed: computed(), last_event_id: Some(event_id), rules_hash: "bare".into() })
}

fn basic(number: usize) -> String {
    format!(
        r#"{{"name":"Entreprise {number}","email":"contact{number}@example.cd","phone":"+243 81 {number:07}","status":"active",
        "address":{{"avenue":"Avenue du Commerce {number}","commune":"Gombe","ville":"Kinshasa"}},"accountType":"premium"}}"#
    )
}

fn company(number: usize) -> String {
    format!(
        r#"{{"legalForm":"SARL","industry":"commerce general","rccm":"CD/KIN/RCCM/{number:06}","taxId":"A{number:08}","capital":250000.50,
        "activities":["import","distribution","detail"],"owner":{{"nom":"Proprietaire {number}","nationalite":"CD"}},
        "associates":[{{"nom":"Associe A","parts":40}},{{"nom":"Associe B","parts":60}}],"employeeCount":{}}}"#,
        number % 90
    )
}

fn form(number: usize, round: i64) -> String {
    format!(
        r#"{{"generalInfo":{{"denominationSociale":"Entreprise {number}","formeJuridique":"SARL","tailleEntreprise":"petite",
        "secteurActivite":{{"principal":"commerce","secondaire":["transport","stockage"]}},"anneeCreation":2009}},
        "legalInfo":{{"siegeSocial":"Kinshasa","capitalSocial":250000,"dirigeants":[{{"nom":"Dirigeant {number}","fonction":"gerant"}}]}},
        "patrimonyAndMeans":{{"chiffreAffairesAnnuel":{},"beneficeNet":{round},"totalActifs":900000,"nombreEmployes":12}},
        "performance":{{"croissanceCA":4.5,"projetsDeveloppement":["ouverture d'une agence"],"objectifsStrategiques":["croissance"]}},
        "completionPercentage":85,"isComplete":true}}"#,
        1_000_000 + number
    )
}

/// Four lines of one kind.
fn lines(number: usize, round: i64, line: fn(usize, usize, i64) -> String) -> String {
    format!("[{}]", (0..4).map(|place| line(number, place, round)).collect::<Vec<_>>().join(","))
}

fn asset(number: usize, place: usize, round: i64) -> String {
    format!(
        r#"{{"id":"asset-{number}-{place}","nom":"Vehicule utilitaire {place}","categorie":"vehicule","prixAchat":42000.75,
        "dateAcquisition":"2021-04-12","valeurActuelle":{},"dateEvaluation":"2025-11-09","etatActuel":"bon","proprietaire":"societe",
        "localisation":"depot {place}","numeroSerie":"SN{number:09}{place}"}}"#,
        30_000 + round
    )
}

fn stock(number: usize, place: usize, round: i64) -> String {
    format!(
        r#"{{"id":"stock-{number}-{place}","nomProduit":"Ciment gris {place}","codeProduit":"CG-{place}","categorie":"materiaux",
        "quantiteStock":{},"seuilMinimum":50,"seuilMaximum":900,"coutUnitaire":11.25,"valeurTotaleStock":1350,"uniteMessure":"sac",
        "dateEntreeStock":"2025-10-01","emplacementStock":"depot {place}","etatStock":"disponible"}}"#,
        100 + round
    )
}

fn computed() -> Computed {
    let issue = Issue {
        category: IssueCategory::MissingData,
        severity: Severity::Medium,
        code: "missing_field",
        field: "/companyProfile/activities".into(),
        message: "Le champ activities est absent.".into(),
        recommendation: "Demander au client de le renseigner.".into(),
    };
    Computed {
        completeness: Completeness { percentage: 80, missing_fields: vec!["address", "phone"], ..Completeness::default() },
        rating: Some(Rating::Medium),
        conformity: Conformity { score: 90, is_conform: true, issues: vec![issue] },
        insights: Insights {
            insights: vec!["substantial_assets"],
            opportunities: vec!["premium_services"],
            ..Insights::default()
        },
        financial_metrics: Some(FinancialMetrics {
            total_assets_value: Default::default(),
            total_purchase_value: Default::default(),
            depreciation_percent: None,
            value_by_category: Default::default(),
            lines: 4,
        }),
        inventory_metrics: Some(InventoryMetrics {
            total_stock_value: Default::default(),
            lines: 4,
            rotating_lines: 0,
            average_rotation_days: None,
            fast: 0,
            slow: 0,
            stagnant: 0,
        }),
        ..Computed::default()
    }
}

/// The row's sections, as text.
fn size_bytes(row: &Row) -> usize {
    row.profile.sections.iter().map(|(_, section)| section.value.as_ref().text().len()).sum()
}
