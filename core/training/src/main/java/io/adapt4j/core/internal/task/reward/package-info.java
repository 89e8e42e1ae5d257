/** Training of reward models. */
package io.adapt4j.core.internal.task.reward;
