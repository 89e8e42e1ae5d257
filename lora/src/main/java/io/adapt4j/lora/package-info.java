/** Adapt4J lora. */
package io.adapt4j.lora;
