package io.adapt4j.serve.internal.response;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Limits of stored responses and conversations. */
public record StorageLimits(int entries, long bytes, Duration age, Optional<Path> folder) {}
