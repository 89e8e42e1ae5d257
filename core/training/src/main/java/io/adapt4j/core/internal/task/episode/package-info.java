/** Episodes of a policy with an environment: turns, tool calls under limits, and their traces. */
package io.adapt4j.core.internal.task.episode;
