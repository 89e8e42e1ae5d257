/** Reinforcement learning. */
package io.adapt4j.core.internal.task.rl;
