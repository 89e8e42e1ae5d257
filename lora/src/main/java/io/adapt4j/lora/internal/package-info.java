/** Operators of adapters, with their derivatives and scripts. */
package io.adapt4j.lora.internal;
