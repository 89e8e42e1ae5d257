/**
 * Exceptions for files, settings and the engine. Messages name the file, the field, the value and
 * the remedy.
 */
@NullMarked
package io.adapt4j.core.exception;

import org.jspecify.annotations.NullMarked;
