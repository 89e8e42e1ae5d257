/** Reward models. */
package io.adapt4j.core.internal.task.reward;
