package io.adapt4j.serve.internal.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.serve.internal.http.Body;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Adds and removes adapters while the server runs: {@code /v1/adapters}, for requests with the
 * administrator's key. Adapters are subfolders of a single folder and are addressed by name; no
 * name can escape that folder.
 */
public final class AdapterEndpoint {

  static final String PATH = "/v1/adapters";

  private static final String CONFIG = "adapter_config.json";

  private final Path folder;
  private final ApiKeys keys;
  private final Models models;
  private final Limits limits;

  /** Adapters added here, by name, and their models. Guarded by this. */
  private final Map<String, LanguageModel> added = new HashMap<>();

  public AdapterEndpoint(Path folder, String key, Models models, Limits limits) {
    this.folder = folder;
    this.keys = new ApiKeys(List.of(key));
    this.models = models;
    this.limits = limits;
  }

  static boolean isFor(String path) {
    return path.equals(PATH) || path.startsWith(PATH + "/");
  }

  void answer(Call call) throws IOException {
    if (!keys.admits(call.header("Authorization"))) {
      call.set("WWW-Authenticate", "Bearer");
      throw Fault.invalid(
          401,
          null,
          "invalid_api_key",
          "The key of the administrator is needed, as the header 'Authorization: Bearer KEY'.");
    }
    if (call.path().equals(PATH)) {
      if (call.method().equals("POST")) {
        call.send(200, add(new Parameters(Body.read(call, limits))));
      } else {
        call.requireMethod("GET");
        call.send(200, list());
      }
    } else {
      call.requireMethod("DELETE");
      call.send(200, remove(call.path().substring(PATH.length() + 1)));
    }
  }

  private synchronized ObjectNode list() {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("object", "list");
    ArrayNode data = json.putArray("data");
    for (String name : names()) {
      data.addObject()
          .put("id", name)
          .put("object", "adapter")
          .put("loaded", added.containsKey(name));
    }
    return json;
  }

  private synchronized ObjectNode add(Parameters parameters) {
    String name = parameters.text("name");
    LanguageModel model =
        parameters.value("model").isPresent()
            ? models.baseModel(parameters.text("model"))
            : models.onlyBaseModel();
    parameters.requireNoOthers();
    List<String> names = names();
    if (!names.contains(name)) {
      throw Fault.invalid(
          404,
          "name",
          "adapter_not_found",
          "name: expected one of the server's adapters, %s, found '%s'".formatted(names, name));
    }
    if (models.isTaken(name)) {
      throw Fault.invalid(
          409, "name", "name_taken", "name: '%s' is a model or an adapter already".formatted(name));
    }
    try {
      model.addAdapter(name, Adapter.at(folder.resolve(name)));
    } catch (IllegalArgumentException | ChatException e) {
      throw Fault.parameter("name", String.valueOf(e.getMessage()));
    } catch (Adapt4jException e) {
      throw Fault.parameter("name", "the adapter cannot be read: " + e.getMessage());
    }
    added.put(name, model);
    return models.describe(name);
  }

  private synchronized ObjectNode remove(String name) {
    LanguageModel model = added.get(name);
    if (model == null) {
      throw Fault.invalid(
          404,
          null,
          "adapter_not_found",
          "'%s' was not added here; added are %s".formatted(name, added.keySet()));
    }
    added.remove(name);
    try {
      model.removeAdapter(name);
    } catch (IllegalArgumentException e) {
      throw Fault.unknownModel(name);
    }
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", name)
        .put("object", "adapter")
        .put("deleted", true);
  }

  /** The adapters in the folder, sorted. Links are excluded: they may lead anywhere. */
  private List<String> names() {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
          .filter(entry -> Files.isRegularFile(entry.resolve(CONFIG), LinkOption.NOFOLLOW_LINKS))
          .map(entry -> entry.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot be read", e);
    }
  }
}
