package io.adapt4j.upkeep.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.JsonApi;
import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.Secrets;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Client of the model registry of an MLflow server, by its REST protocol 2.0 (MLflow 2 and 3):
 * registered models, versions, aliases. Files are not sent: a version's source is where they are.
 */
public final class MlflowRegistry {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final long MOST_BYTES = 16L << 20;
  private static final int MOST_PAGES = 1_000;
  private static final int PAGE = 200;

  private final URI server;
  private final Optional<String> token;
  private final JsonApi api;

  private MlflowRegistry(URI server, Optional<String> token) {
    this.server = server;
    this.token = token;
    this.api = new JsonApi(server, server.toString(), TIMEOUT, TIMEOUT, RegistryException::new);
  }

  /**
   * Names a server.
   *
   * @param server such as {@code http://localhost:5000}
   * @return a client without a token
   */
  public static MlflowRegistry at(URI server) {
    String text = server.toString();
    if (!text.matches("https?://[^?#]+") || server.getUserInfo() != null) {
      throw new RegistryException(
          "server: expected an address such as http://localhost:5000, found another one. Give a"
              + " password as token.");
    }
    return new MlflowRegistry(URI.create(text.replaceAll("/+$", "")), Optional.empty());
  }

  /**
   * Sets a bearer token.
   *
   * @param secret the token
   * @return a changed copy
   */
  public MlflowRegistry token(String secret) {
    return new MlflowRegistry(server, Optional.of(Secrets.requireKey("token", secret)));
  }

  /** Creates a registered model, unless it exists. */
  public void createModel(String name) {
    ObjectNode body = body("name", name);
    send("POST", "registered-models/create", body, "RESOURCE_ALREADY_EXISTS");
  }

  /**
   * Creates a version.
   *
   * @param name the registered model
   * @param source URI of its files. MLflow's own server takes a local path only below the artifact
   *     folder of a run
   * @param run id of that run, if any
   * @param tags tags by key
   * @return the version
   */
  public MlflowVersion createVersion(
      String name, URI source, Optional<String> run, Map<String, String> tags) {
    ObjectNode body = body("name", name).put("source", source.toString());
    run.ifPresent(id -> body.put("run_id", id));
    ArrayNode list = body.putArray("tags");
    tags.forEach((key, value) -> list.addObject().put("key", key).put("value", value));
    return version(send("POST", "model-versions/create", body, "").path("model_version"));
  }

  /**
   * Registers a version of a local registry: its name, its folder as source, and reference and
   * digest as tags.
   *
   * @param run id of the MLflow run whose artifact folder holds the registry, if any
   * @return MLflow's version
   */
  public MlflowVersion publish(ModelVersion version, Optional<String> run) {
    createModel(version.name());
    Map<String, String> tags = new LinkedHashMap<>();
    tags.put("adapt4j.version", version.reference());
    tags.put("adapt4j.digest", Names.DIGEST + version.digest());
    return createVersion(version.name(), version.folder().toUri(), run, tags);
  }

  /**
   * Adds the files of a version to a local registry.
   *
   * @param version a version whose source is a local path
   * @param registry the local registry
   * @return the new version, or the existing one with this content
   * @throws RegistryException if the source is elsewhere, or the files are not those of the tag
   *     {@code adapt4j.digest}
   */
  public ModelVersion fetch(MlflowVersion version, Registry registry) {
    Path folder = localPath(version);
    NewVersion local = NewVersion.of(version.name(), folder);
    String expected = version.tags().get("adapt4j.digest");
    return registry.add(
        local,
        Optional.empty(),
        () -> VersionStore.sources(folder),
        files -> {
          String found = Names.DIGEST + VersionFile.digest(files);
          if (expected != null && !expected.equals(found)) {
            throw new RegistryException(
                "%s: expected the digest %s, found %s. Publish the version again."
                    .formatted(folder, Names.shown(expected), found));
          }
        });
  }

  private static Path localPath(MlflowVersion version) {
    try {
      URI source = URI.create(version.source());
      return source.getScheme() == null ? Path.of(version.source()) : Path.of(source);
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      throw new RegistryException(
          "source: expected a local path, found %s. Download it and add the folder."
              .formatted(Names.shown(version.source())),
          e);
    }
  }

  /**
   * Finds a version.
   *
   * @param number its number, from 1
   * @return the version
   */
  public MlflowVersion version(String name, String number) {
    return version(get("model-versions/get", "name", name, "version", number));
  }

  /**
   * Finds the version that an alias points to.
   *
   * @param alias such as {@code production}
   * @return the version
   */
  public MlflowVersion byAlias(String name, String alias) {
    return version(get("registered-models/alias", "name", name, "alias", alias));
  }

  /**
   * Points an alias to a version.
   *
   * @param alias such as {@code production}
   */
  public void setAlias(String name, String alias, String version) {
    ObjectNode body = body("name", name).put("alias", alias).put("version", version);
    send("POST", "registered-models/alias", body, "");
  }

  /**
   * Deletes an alias.
   *
   * @param alias such as {@code challenger}
   */
  public void deleteAlias(String name, String alias) {
    send("DELETE", "registered-models/alias", body("name", name).put("alias", alias), "");
  }

  /** {@return all versions of a registered model} */
  public List<MlflowVersion> versions(String name) {
    if (name.contains("'")) {
      throw new RegistryException(
          "name: expected no quotes, found " + Names.shown(name) + ". Correct it.");
    }
    List<MlflowVersion> versions = new ArrayList<>();
    String page = "";
    for (int i = 0; i < MOST_PAGES; i++) {
      List<String> query =
          new ArrayList<>(List.of("filter", "name='" + name + "'", "max_results", "" + PAGE));
      if (!page.isEmpty()) {
        query.addAll(List.of("page_token", page));
      }
      JsonNode found = query("model-versions/search", query.toArray(String[]::new));
      found.path("model_versions").forEach(version -> versions.add(version(version)));
      page = found.path("next_page_token").asText("");
      if (page.isEmpty()) {
        return versions;
      }
    }
    throw new RegistryException(
        "%s: expected at most %d pages of versions. Delete old ones."
            .formatted(server, MOST_PAGES));
  }

  private static MlflowVersion version(JsonNode json) {
    List<String> aliases = new ArrayList<>();
    json.path("aliases").forEach(alias -> aliases.add(alias.asText()));
    Map<String, String> tags = new LinkedHashMap<>();
    json.path("tags")
        .forEach(tag -> tags.put(tag.path("key").asText(), tag.path("value").asText()));
    return new MlflowVersion(
        json.path("name").asText(),
        json.path("version").asText(),
        json.path("source").asText(),
        json.path("status").asText(),
        aliases,
        tags);
  }

  private static ObjectNode body(String key, String value) {
    return JsonNodeFactory.instance.objectNode().put(key, value);
  }

  private JsonNode get(String route, String... query) {
    return query(route, query).path("model_version");
  }

  private JsonNode query(String route, String... query) {
    StringBuilder address = new StringBuilder(route);
    for (int i = 0; i < query.length; i += 2) {
      address.append(i == 0 ? '?' : '&').append(query[i]).append('=');
      address.append(URLEncoder.encode(query[i + 1], StandardCharsets.UTF_8));
    }
    return send(request(address.toString()).GET(), route, "");
  }

  private JsonNode send(String method, String route, JsonNode body, String accepted) {
    HttpRequest.Builder request =
        request(route)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(Json.compact(body), StandardCharsets.UTF_8));
    return send(request, route, accepted);
  }

  private HttpRequest.Builder request(String address) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server + "/api/2.0/mlflow/" + address));
    token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
    return request;
  }

  /** Sends a request; an error of the accepted code is an empty answer. */
  private JsonNode send(HttpRequest.Builder request, String route, String accepted) {
    try {
      AnswerLimit limit = new AnswerLimit(server.toString(), MOST_BYTES, "");
      HttpResponse<byte[]> answer = api.send(request.build(), limit.collected());
      JsonNode json = parsed(new String(answer.body(), StandardCharsets.UTF_8));
      String code = json.path("error_code").asText();
      if (answer.statusCode() == 200 && json.isObject() && code.isEmpty()) {
        return json;
      }
      if (!accepted.isEmpty() && code.equals(accepted)) {
        return JsonNodeFactory.instance.objectNode();
      }
      throw new RegistryException(
          "%s: %s: status %d, %s %s. Correct the request or the server's address."
              .formatted(
                  server,
                  route,
                  answer.statusCode(),
                  Names.shown(code),
                  Names.shown(json.path("message").asText())));
    } catch (IOException e) {
      throw new RegistryException(
          "%s: %s: %s. Check that the server runs.".formatted(server, route, Retries.reason(e)), e);
    }
  }

  private static JsonNode parsed(String text) {
    try {
      return Json.parseStrictly(text);
    } catch (JsonProcessingException e) {
      return JsonNodeFactory.instance.nullNode();
    }
  }
}
