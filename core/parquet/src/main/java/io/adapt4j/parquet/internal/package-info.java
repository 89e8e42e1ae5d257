/** Reads Parquet files as training data, once this module is on the class path. */
package io.adapt4j.parquet.internal;
