package io.adapt4j.federated;

import java.time.Duration;
import java.util.Optional;

/**
 * How a site fared in a round.
 *
 * @param site its name
 * @param attempts how often it was tried
 * @param failure why its update was left out; empty where it counts
 * @param targetTokens tokens learned from
 * @param steps optimizer steps
 * @param firstLoss training loss of its first step
 * @param lastLoss training loss of its last step
 * @param weight its share in the mean
 * @param updateNorm length of its update, before it was cut
 * @param bytes of its adapter
 * @param elapsed time it trained
 */
public record SiteReport(
    String site,
    int attempts,
    Optional<String> failure,
    long targetTokens,
    int steps,
    double firstLoss,
    double lastLoss,
    double weight,
    double updateNorm,
    long bytes,
    Duration elapsed) {}
