package io.adapt4j.upkeep.deletion;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.WriteFailure;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Erases rows of files of JSON Lines: a row keeps its line and its fields, so that other rows keep
 * their numbers and the file still reads as before, but texts become "deleted" and numbers 0.
 */
final class Tombstones {

  private static final Pattern PLACE = Pattern.compile("(.*) line (\\d+)");
  private static final String TEXT = "deleted";

  /** Fields whose values are part of a row's form. */
  private static final Set<String> FORM = Set.of("role", "type");

  private Tombstones() {}

  /** Returns the lines to erase in each file; refuses places that are no lines of JSON. */
  static Map<Path, Set<Long>> lines(List<String> places) {
    Map<Path, Set<Long>> lines = new TreeMap<>();
    for (String place : places) {
      Matcher found = PLACE.matcher(place);
      if (!found.matches() || !found.group(1).matches(".*\\.(jsonl|ndjson)")) {
        throw new DatasetException(
            place
                + ": only rows of files of JSON Lines (.jsonl) can be erased here. Erase it by hand"
                + " after the deletion, and leave out erasingRows().");
      }
      lines
          .computeIfAbsent(Path.of(found.group(1)), file -> new TreeSet<>())
          .add(Long.parseLong(found.group(2)));
    }
    return lines;
  }

  /** Replaces lines, numbered from 1, and keeps the others to the byte. */
  static void erase(Path file, Set<Long> lines) {
    try {
      AtomicFiles.write(
          file,
          channel -> {
            BufferedWriter out =
                new BufferedWriter(
                    new OutputStreamWriter(
                        Channels.newOutputStream(channel), StandardCharsets.UTF_8));
            try (BufferedReader in = Files.newBufferedReader(file)) {
              StringBuilder line = new StringBuilder();
              long number = 1;
              for (int c = in.read(); c >= 0; c = in.read()) {
                if (c != '\n') {
                  line.append((char) c);
                } else {
                  out.write(
                      lines.contains(number) ? erased(file, line.toString()) : line.toString());
                  out.write('\n');
                  line.setLength(0);
                  number++;
                }
              }
              out.write(lines.contains(number) ? erased(file, line.toString()) : line.toString());
            }
            out.flush();
          });
    } catch (IOException e) {
      throw new DatasetException(
          file + " cannot be written: " + WriteFailure.explain(file, e) + ".", e);
    }
  }

  /** Returns whether lines, numbered from 1, are as {@link #erase} leaves them. */
  static boolean isErased(Path file, Set<Long> lines) throws IOException {
    try (BufferedReader in = Files.newBufferedReader(file)) {
      long number = 1;
      int left = lines.size();
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (lines.contains(number++)) {
          if (!erased(file, line).equals(line)) {
            return false;
          }
          left--;
        }
      }
      return left == 0;
    }
  }

  private static String erased(Path file, String line) {
    try {
      JsonNode row = Json.parse(line);
      erase(row);
      return Json.compact(row);
    } catch (JsonProcessingException e) {
      // Without the cause, which quotes the row.
      throw new DatasetException(
          file
              + ": a row to erase is no JSON, so the file has changed. Put it back as it was and"
              + " repeat the deletion.");
    }
  }

  private static void erase(JsonNode node) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> field : object.properties()) {
        JsonNode value = field.getValue();
        if (value.isTextual() && !FORM.contains(field.getKey())) {
          object.put(field.getKey(), TEXT);
        } else if (value.isNumber()) {
          object.put(field.getKey(), 0);
        } else {
          erase(value);
        }
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        if (array.get(i).isTextual()) {
          array.set(i, array.textNode(TEXT));
        } else if (array.get(i).isNumber()) {
          array.set(i, array.numberNode(0));
        } else {
          erase(array.get(i));
        }
      }
    }
  }
}
