package io.adapt4j.upkeep.cycle;

import java.time.Instant;

/**
 * Period whose rows a cycle collects. A cycle that is resumed has the same one.
 *
 * @param trained end of the window of the last cycle that trained; {@link Instant#EPOCH} before
 * @param promoted end of the window of the last cycle that promoted; {@link Instant#EPOCH} before
 * @param end end of this window, exclusive
 */
public record CycleWindow(Instant trained, Instant promoted, Instant end) {}
