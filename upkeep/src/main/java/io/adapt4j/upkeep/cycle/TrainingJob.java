package io.adapt4j.upkeep.cycle;

import io.adapt4j.upkeep.registry.ModelVersion;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Training that a cycle asks for.
 *
 * @param cycle number of the cycle
 * @param start the version to continue from; empty for the first one
 * @param rows the collected rows
 * @param output folder for the run
 * @param resumed whether a training into this folder was interrupted
 */
public record TrainingJob(
    int cycle, Optional<ModelVersion> start, Path rows, Path output, boolean resumed) {}
