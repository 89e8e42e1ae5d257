/** Descriptions as data: trees of values with their places in a file, read with all problems. */
package io.adapt4j.core.internal.describe;
