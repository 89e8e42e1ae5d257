package io.adapt4j.serve.internal.response;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Limits of stored responses and conversations.
 *
 * @param entries maximum number of both; 0 stores none
 * @param bytes maximum size of all
 * @param age time after its last use after which one is dropped
 * @param folder folder of their files; empty for memory alone
 */
public record StorageLimits(int entries, long bytes, Duration age, Optional<Path> folder) {}
