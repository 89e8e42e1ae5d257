/** Preference optimization. */
package io.adapt4j.core.internal.task.preference;
