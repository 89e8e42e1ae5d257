package io.adapt4j.upkeep.deletion;

import java.util.Optional;

/**
 * Document that was deleted.
 *
 * @param id its id
 * @param sha256 hash of its content as the index records it; empty if the index did not have it
 * @param passages number of its passages
 */
public record DeletedDocument(String id, Optional<String> sha256, int passages) {}
