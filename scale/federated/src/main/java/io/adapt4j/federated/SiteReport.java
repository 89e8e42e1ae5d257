package io.adapt4j.federated;

import java.time.Duration;
import java.util.Optional;

/**
 * Report of a site in a round.
 *
 * @param site its name
 * @param attempts number of attempts
 * @param failure why its update was left out; empty if it was used
 * @param targetTokens number of training tokens
 * @param steps optimizer steps
 * @param firstLoss training loss of its first step
 * @param lastLoss training loss of its last step
 * @param weight its weight in the mean
 * @param updateNorm norm of its update before clipping
 * @param bytes size of its adapter
 * @param elapsed training time
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
