/**
 * Versions of adapters and models in a folder: lineage, aliases, promotion, rollback, exchange with
 * other registries.
 */
@NullMarked
package io.adapt4j.upkeep.registry;

import org.jspecify.annotations.NullMarked;
