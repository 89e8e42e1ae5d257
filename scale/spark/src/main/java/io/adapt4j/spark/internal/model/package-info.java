/** The models of an executor. */
@NullMarked
package io.adapt4j.spark.internal.model;

import org.jspecify.annotations.NullMarked;
