/** Reads {@code config.json} and {@code generation_config.json} into typed, checked values. */
package io.adapt4j.core.internal.config;
