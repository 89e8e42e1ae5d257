/**
 * Federated fine-tuning over several sites whose data stays local: each trains an adapter, and
 * rounds aggregate them.
 */
@NullMarked
package io.adapt4j.federated;

import org.jspecify.annotations.NullMarked;
