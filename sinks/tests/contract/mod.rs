//! What every sink must do, whatever database is behind it.
//!
//! A backend gives a [`Place`]: a database of its own for each test, empty and not migrated. `contract!(fresh)` makes the tests.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

pub mod critical_changes;
pub mod dead_letters;
pub mod leases;
pub mod migrations;
pub mod outbox;
pub mod positions;
pub mod profiles;
pub mod races;
pub mod seen_events;
pub mod syncs;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use schemas::profile::{Attention, Computed, Profile, Rating, Section, SectionName, SectionSet, Stamp, View};
use schemas::store::{Assigned, Batch, Row, Written};
use schemas::{Json, Origin, TopicName};
use sinks::{Settings, Sink};

/// A database for one test. It goes when the value does.
#[async_trait]
pub trait Place: Send + Sync {
    /// Its address.
    fn url(&self) -> &str;

    /// Runs statements that both databases understand.
    async fn execute(&self, sql: &str);

    /// The integer that a query gives.
    async fn number(&self, sql: &str) -> i64;
}

/// Makes a test of each case. `$fresh` is an async function that gives a [`Place`].
macro_rules! contract {
    ($fresh:ident; $($module:ident: $($case:ident),+;)+) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $case() {
                $crate::contract::$module::$case(&super::$fresh().await).await;
            })+
        })+
    };
    ($fresh:ident) => {
        $crate::contract::contract! { $fresh;
            profiles:
                profiles_are_loaded_until_they_are_large,
                an_empty_store_knows_nothing, whole_profiles_come_back, numbers_and_strings_come_back_as_they_were_sent,
                what_is_computed_stands_in_the_columns, a_stale_version_writes_nothing,
                what_administrators_wrote_stays, a_section_that_shows_the_same_keeps_its_column,
                alerts_follow_the_greater_transition, data_that_the_database_refuses_is_a_data_fault,
                five_thousand_profiles_in_one_batch;
            positions: positions_are_kept_for_each_broker_and_segment;
            seen_events: a_seen_event_writes_nothing, events_are_forgotten_oldest_first;
            syncs:
                syncs_come_back_with_a_profile_and_without_one, syncs_over_another_version_write_nothing,
                a_timer_that_is_due_is_taken_by_one;
            critical_changes:
                history_and_critical_changes_are_written_once, of_one_request_one_event_stands_whichever_came_first,
                what_is_decided_is_written_once_and_read_back;
            races: writers_of_one_customer_lose_nothing, two_claims_of_one_partition_grant_one;
            dead_letters:
                the_same_bytes_at_two_offsets_are_two, another_record_at_the_place_of_a_letter_is_another_letter,
                a_record_of_which_two_parts_are_refused_is_one, all_of_a_letter_comes_back,
                a_header_whose_name_no_json_column_holds_is_kept_under_another,
                of_a_long_list_the_beginnings_are_enough,
                filters_choose;
            outbox:
                effects_come_in_order_and_go_when_published, the_outbox_ends_with_its_newest_entry,
                of_the_outbox_what_is_for_some_topics_comes_alone,
                an_effect_that_waits_is_not_queued_twice,
                a_profile_waits_once_and_goes_with_the_version_that_was_sent, the_changelog_says_all_that_is_stored,
                new_dead_letters_wait_with_their_topic, a_pipeline_sees_its_own_entries_only,
                entries_whose_row_is_gone_are_deleted, a_profile_waits_for_the_changelog_that_there_is_now,
                entries_are_read_until_they_are_large,
                of_a_large_dead_letter_the_beginning_is_published;
            leases:
                a_claim_is_granted_and_renewed, a_partition_that_somebody_holds_is_not_granted,
                an_expired_lease_is_taken_over_and_fences_its_old_owner, a_lease_that_was_given_back_is_free,
                a_write_under_an_old_epoch_writes_nothing, what_was_sent_under_an_old_epoch_stays_in_the_outbox;
            migrations:
                they_run_once_and_back_again, what_waits_to_be_published_outlives_each_step, a_store_that_is_not_migrated_is_refused, tables_and_columns_can_be_renamed,
                views_answer;
        }
    };
}
pub(crate) use contract;

/// The time that tests happen at, to the microsecond.
pub fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00.123456Z".parse().unwrap()
}

/// The settings of most tests.
pub fn settings() -> Settings {
    Settings::new("pipeline")
}

/// A store with its tables.
pub async fn store(place: &impl Place) -> Arc<dyn Sink> {
    opened(place, &settings()).await
}

/// A store with its tables, opened as said.
pub async fn opened(place: &impl Place, settings: &Settings) -> Arc<dyn Sink> {
    sinks::migrate_run(place.url(), settings).await.unwrap();
    sinks::open(place.url(), settings).await.unwrap()
}

pub fn topic(name: &str) -> TopicName {
    TopicName::try_from(name).unwrap()
}

pub fn json(text: &str) -> Json {
    Json::parse_own(text).unwrap()
}

/// A partition of the segment `profile`.
pub fn partition(number: u32) -> Assigned {
    Assigned { segment: "profile".into(), broker: "local".into(), topic: topic("profile.events"), partition: number }
}

/// The stamp of an event so many seconds after noon.
pub fn stamp(seconds: i64) -> Stamp {
    let origin = Origin { topic: topic("admin.customer.assets.data"), partition: 3, offset: 12_345_678_901 };
    Stamp { at: noon() + TimeDelta::seconds(seconds), event_id: format!("event-{seconds}").into(), origin }
}

/// A customer with one section.
pub fn profile(customer: &str) -> Profile {
    let mut profile = Profile::new(customer);
    let value = json(r#"{"name": "Kin Commerce", "email": "a@b.cd", "status": "active"}"#);
    profile.sections.join(SectionName::Basic, Section { stamp: stamp(0), value, summary: None });
    profile
}

/// A row as the rules might leave it.
pub fn row(profile: Profile) -> Row {
    let attention = Attention { urgency: 40, required: true, ..Attention::default() };
    let computed = Computed { rating: Some(Rating::Low), alerts: profile.alerts.clone(), attention, ..Computed::default() };
    let last_event_id = profile.sections.iter().map(|(_, section)| Arc::clone(&section.stamp.event_id)).max();
    Row {
        view: View::of(&profile),
        profile,
        unchanged: SectionSet::default(),
        computed,
        last_event_id,
        correlation_id: Some("corr-7".into()),
        rules_hash: "rules-1".into(),
    }
}

/// A batch of these rows alone.
pub fn batch(rows: Vec<Row>) -> Batch {
    Batch { rows, now: noon(), ..Batch::default() }
}

/// Writes profiles that nobody else writes.
pub async fn write(sink: &Arc<dyn Sink>, profiles: Vec<Profile>) {
    let batch = batch(profiles.into_iter().map(row).collect());
    assert_eq!(sink.write(&batch).await.unwrap(), Written::Durable);
}

/// The stored profile of a customer.
pub async fn read(sink: &Arc<dyn Sink>, customer: &str) -> Option<Profile> {
    sink.read(&[customer.to_owned()], &[]).await.unwrap().profiles.remove(customer)
}
