//! What every broker has to do. Each case gets a broker of its own, without topics.

mod reading;
mod records;
mod sharing;
mod topics;

pub(crate) use self::{reading::*, records::*, sharing::*, topics::*};

/// Makes a test of each case, on a new subject each; `without_large_records` on one that has no room for them. With `in_turn`, runs all
/// in one test: they share a subject, which is cleared after each.
macro_rules! contract {
    (@tests [$subject:expr] $($case:ident)*) => {
        mod contract {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::$case(&$subject).await;
            })*
        }
    };
    (@in_turn [$subject:expr] $($case:ident)*) => {
        $(println!("{}", stringify!($case));
        crate::contract::$case($subject).await;
        $subject.clear().await;)*
    };
    (@all $how:tt $subject:tt $($more:ident)*) => {
        crate::contract::contract! { @$how $subject
            records_of_a_partition_keep_their_order
            every_part_of_a_record_is_kept
            what_is_asked_for_limits_a_read
            partitions_are_served_fairly
            keys_choose_the_partition
            keyless_records_spread_over_the_partitions
            reading_begins_at_any_offset
            an_offset_outside_the_log_is_lost
            what_does_not_exist_is_refused
            a_refused_write_leaves_nothing
            creating_again_changes_nothing
            many_topics_with_every_name_that_it_takes
            a_read_without_records_waits_and_returns
            a_waiting_reader_gets_the_record_of_another_handle_at_once
            a_cancelled_read_loses_nothing
            writers_of_several_handles_lose_and_double_nothing
            one_writes_while_another_reads
            a_reader_knows_how_far_it_is
            it_answers
            $($more)*
        }
    };
    (in_turn $subject:expr) => {
        crate::contract::contract! { @all in_turn [$subject] large_records_are_kept }
    };
    ($subject:expr) => {
        crate::contract::contract! { @all tests [$subject] large_records_are_kept }
    };
    ($subject:expr; without_large_records) => {
        crate::contract::contract! { @all tests [$subject] }
    };
}
pub(crate) use contract;
