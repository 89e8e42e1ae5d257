/** Preferring some answers to others. */
package io.adapt4j.core.internal.task.preference;
