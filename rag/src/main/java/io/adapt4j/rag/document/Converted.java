package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.Structure;
import java.util.Map;

/** Result of converting a file. */
record Converted(String text, String title, Structure structure, Map<String, Object> fields) {}
