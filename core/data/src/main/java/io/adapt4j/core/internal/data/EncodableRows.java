package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;

/**
 * The rows of a dataset that can be trained on.
 *
 * @param dataset a view of these rows; may be empty
 */
public record EncodableRows(Dataset dataset, EncodingReport report, Samples samples) {}
