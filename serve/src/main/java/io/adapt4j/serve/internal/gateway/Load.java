package io.adapt4j.serve.internal.gateway;

import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/** Figures of the answers: those computed or waiting now, and copies by result. */
public record Load(IntSupplier answers, Supplier<Map<String, Long>> shadows) {}
