/** Records of how a checkpoint came to be. */
package io.adapt4j.core.internal.provenance;
