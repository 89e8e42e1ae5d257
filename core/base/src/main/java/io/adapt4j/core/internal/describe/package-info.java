/**
 * Descriptions as data: trees of values with their positions in a file. All problems are reported
 * together.
 */
package io.adapt4j.core.internal.describe;
