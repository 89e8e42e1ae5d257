/**
 * Preference optimization: losses over chosen and rejected answers, reference models, and
 * collecting preferences.
 */
@NullMarked
package io.adapt4j.core.preference;

import org.jspecify.annotations.NullMarked;
