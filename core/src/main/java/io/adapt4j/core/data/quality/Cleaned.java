package io.adapt4j.core.data.quality;

import io.adapt4j.core.data.Dataset;

/**
 * A dataset after cleaning.
 *
 * @param dataset a view of the rows that are left, with changes made as they are read
 * @param report what was changed and dropped
 */
public record Cleaned(Dataset dataset, CleaningReport report) {}
