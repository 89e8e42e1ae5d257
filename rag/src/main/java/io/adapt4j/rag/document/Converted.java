package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.Structure;
import java.util.Map;

/**
 * Result of converting a file.
 *
 * @param text its text
 * @param title its own title; empty if it has none
 * @param structure structure of the text
 * @param fields metadata of the file
 */
record Converted(String text, String title, Structure structure, Map<String, Object> fields) {}
