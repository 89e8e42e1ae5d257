/** Steps and runs of training: LoRA, QLoRA, preferences, reinforcement and federated rounds. */
package io.adapt4j.benchmarks.training;
