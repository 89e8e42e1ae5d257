package io.adapt4j.serve.feedback;

import java.util.Optional;

/**
 * A request to {@code /v1/feedback}, with at least one judgment.
 *
 * @param id id of the answer
 * @param rating {@code up}, {@code down}, or {@code 1} to {@code 5}
 * @param correction a better text
 * @param preferredOver id of a worse answer to the same request
 * @param flag why somebody should look at the answer
 * @param user who gives the feedback
 * @param store whether its author allows or forbids storing the content
 */
public record ServedFeedback(
    String id,
    Optional<String> rating,
    Optional<String> correction,
    Optional<String> preferredOver,
    Optional<String> flag,
    Optional<String> user,
    Optional<Boolean> store) {}
