/**
 * Preference optimization: losses over better and worse answers, the reference model they compare
 * with, and the collecting of preferences.
 */
@NullMarked
package io.adapt4j.core.preference;

import org.jspecify.annotations.NullMarked;
