package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.UnpairedSurrogates;
import io.adapt4j.core.internal.WriteFailure;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Writes rows as JSON Lines, with fields whose shapes {@link DatasetReader} recognizes. */
final class DatasetWriter {

  /** Kinds of rows that may be mixed in one file, since they are recognized row by row. */
  private static final List<Class<?>> MIXABLE =
      List.of(Example.Text.class, Example.PromptCompletion.class, Example.Chat.class);

  private DatasetWriter() {}

  static void write(Dataset dataset, Path file, List<String> kept) {
    Class<?> first = dataset.size() == 0 ? Example.class : dataset.get(0).getClass();
    try {
      AtomicFiles.write(
          file,
          channel -> {
            BufferedWriter out =
                // Not Channels.newWriter, which loses data after partial writes.
                new BufferedWriter(
                    new OutputStreamWriter(
                        Channels.newOutputStream(channel), StandardCharsets.UTF_8));
            for (int row = 0; row < dataset.size(); row++) {
              out.write(line(dataset, row, first, kept));
              out.write('\n');
            }
            out.flush();
          });
    } catch (IOException e) {
      throw new DatasetException(
          file + " cannot be written: " + WriteFailure.explain(file, e) + ".", e);
    }
  }

  private static String line(Dataset dataset, int row, Class<?> first, List<String> kept) {
    Example example = dataset.get(row);
    requireReadable(dataset, row, first, example);
    ObjectNode object = object(example);
    for (String field : kept) {
      if (object.has(field)) {
        throw new DatasetException(
            "%s: field '%s' is one of the row itself. Keep only fields beside %s."
                .formatted(dataset.locate(row), field, fields(object)));
      }
      object.set(field, RowKeys.source(dataset, row, field).node(field));
    }
    requireUnicode(dataset, row, object);
    return Json.compact(object);
  }

  static ObjectNode object(Example example) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    if (example instanceof Example.Text text) {
      return object.put("text", text.text());
    }
    if (example instanceof Example.PromptCompletion pair) {
      return object.put("prompt", pair.prompt()).put("completion", pair.completion());
    }
    if (example instanceof Example.Classified classified) {
      object.put("text", classified.text());
      List<String> labels = classified.labels();
      return labels.size() == 1
          ? object.put("label", labels.get(0))
          : object.set("labels", PlainJson.tree(labels));
    }
    if (example instanceof Example.QueryPassage pair) {
      object.put("query", pair.query()).put("passage", pair.passage());
      return pair.negatives().isEmpty()
          ? object
          : object.set("negatives", PlainJson.tree(pair.negatives()));
    }
    if (example instanceof Example.Recording recording) {
      JsonNode audio =
          recording.audio().startsWith(RowPictures.DATA)
              ? object.objectNode().put("bytes", recording.audio().replaceFirst(".*?,", ""))
              : object.textNode(recording.audio());
      object.set("audio", audio);
      return object.put("text", recording.text());
    }
    if (example instanceof Example.Chat chat) {
      object.set("messages", messages(chat.messages()));
      return chat.tools().isEmpty() ? object : object.set("tools", PlainJson.tree(chat.tools()));
    }
    if (example instanceof Example.ChatPrompt prompt) {
      object.set("prompt", messages(prompt.messages()));
      return prompt.tools().isEmpty()
          ? object
          : object.set("tools", PlainJson.tree(prompt.tools()));
    }
    if (example instanceof Example.Preference preference) {
      return object
          .put("prompt", preference.prompt())
          .put("chosen", preference.chosen())
          .put("rejected", preference.rejected());
    }
    if (example instanceof Example.UnpairedPreference one) {
      return object
          .put("prompt", one.prompt())
          .put("completion", one.completion())
          .put("label", one.desirable());
    }
    if (example instanceof Example.ChatUnpairedPreference one) {
      object.set("prompt", messages(one.prompt()));
      object.set("completion", messages(one.completion()));
      return object.put("label", one.desirable());
    }
    Example.ChatPreference preference = (Example.ChatPreference) example;
    if (!preference.prompt().isEmpty()) {
      object.set("prompt", messages(preference.prompt()));
    }
    object.set("chosen", messages(preference.chosen()));
    return object.set("rejected", messages(preference.rejected()));
  }

  private static ArrayNode messages(List<ChatMessage> messages) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    messages.forEach(message -> array.add(PlainJson.object(message.fields())));
    return array;
  }

  private static void requireReadable(Dataset dataset, int row, Class<?> first, Example example) {
    Class<?> kind = example.getClass();
    if (kind != first && !(MIXABLE.contains(kind) && MIXABLE.contains(first))) {
      throw new DatasetException(
          ("%s: expected a %s as in the first row, found a %s; one file of both could not be"
                  + " read. Write a file for each.")
              .formatted(dataset.locate(row), first.getSimpleName(), kind.getSimpleName()));
    }
  }

  private static void requireUnicode(Dataset dataset, int row, JsonNode value) {
    if (value.isTextual() && UnpairedSurrogates.indexIn(value.textValue()) >= 0) {
      throw new DatasetException(
          dataset.locate(row)
              + ": expected valid Unicode, found an unpaired surrogate in '"
              + RowProblem.quote(value.textValue())
              + "'. Check how the text was cut.");
    }
    value.forEach(part -> requireUnicode(dataset, row, part));
  }

  private static List<String> fields(ObjectNode object) {
    return object.properties().stream().map(field -> field.getKey()).toList();
  }
}
