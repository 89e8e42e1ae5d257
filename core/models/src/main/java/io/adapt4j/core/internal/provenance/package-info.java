/** Provenance records of checkpoints. */
package io.adapt4j.core.internal.provenance;
