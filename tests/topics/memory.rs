//! The broker in memory keeps the contract.

use std::sync::Arc;

use async_trait::async_trait;
use schemas::SystemClock;
use syncline::topics::Topics;
use syncline::topics::memory::Memory;

use crate::contract::contract;
use crate::subject::Subject;

struct InMemory(Memory);

#[async_trait]
impl Subject for InMemory {
    async fn open(&self) -> Arc<dyn Topics> {
        Arc::new(self.0.clone())
    }
}

contract!(InMemory(Memory::new(Arc::new(SystemClock))));
