/**
 * Fine-tuning over several sites whose data stays where it is: each trains an adapter, and rounds
 * combine them.
 */
@NullMarked
package io.adapt4j.federated;

import org.jspecify.annotations.NullMarked;
