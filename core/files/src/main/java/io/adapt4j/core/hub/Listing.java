package io.adapt4j.core.hub;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * List of a repository's files at one commit. It is cached in the Python client's {@code
 * trees/<commit>.json}, so that a complete snapshot is recognized without a request.
 */
record Listing(String commit, Map<String, JsonNode> files) {

  private static final int FORMAT_VERSION = 1;

  Listing {
    files = Collections.unmodifiableMap(new TreeMap<>(files));
  }

  Set<String> names() {
    return files.keySet();
  }

  /** Parses the API's response about a revision, one file at a time. */
  static Listing ofApi(RepositoryId repository, InputStream json) throws IOException {
    String sha = null;
    Map<String, JsonNode> files = null;
    try (JsonParser parser = Json.parser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw notAHub(repository, "no JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        if (field.equals("sha") && value == JsonToken.VALUE_STRING) {
          sha = parser.getText();
        } else if (field.equals("siblings") && value == JsonToken.START_ARRAY) {
          files = siblings(repository, parser);
        } else {
          parser.skipChildren();
        }
      }
    } catch (JsonProcessingException e) {
      // Without the cause, which quotes the unfiltered response.
      throw notAHub(repository, "no JSON");
    }
    if (sha == null || files == null) {
      throw notAHub(repository, "no 'sha' and 'siblings'");
    }
    return new Listing(Names.requireCommit(repository, sha), files);
  }

  private static Map<String, JsonNode> siblings(RepositoryId repository, JsonParser parser)
      throws IOException {
    Map<String, JsonNode> files = new TreeMap<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      JsonNode sibling = Json.readTree(parser);
      if (!sibling.path("rfilename").isTextual()) {
        throw notAHub(repository, "a file without 'rfilename'");
      }
      files.put(sibling.get("rfilename").textValue(), treeEntry(sibling));
    }
    return files;
  }

  private static HubException notAHub(RepositoryId repository, String problem) {
    return new HubException(
        repository
            + ": the server's answer about the repository has "
            + problem
            + ". Is HF_ENDPOINT a Hugging Face Hub, and no proxy's login page in between?");
  }

  /**
   * Converts a file entry of the API to the cache's format; empty if its size or hash is missing.
   */
  private static JsonNode treeEntry(JsonNode sibling) {
    ObjectNode entry = JsonNodeFactory.instance.objectNode();
    if (sibling.path("size").isIntegralNumber() && sibling.path("blobId").isTextual()) {
      entry.set("size", sibling.get("size"));
      entry.set("blob_id", sibling.get("blobId"));
      JsonNode lfs = sibling.path("lfs");
      if (lfs.path("sha256").isTextual()) {
        entry.set("lfs_sha256", lfs.get("sha256"));
        entry.set("lfs_size", lfs.path("size"));
      }
      if (sibling.path("xetHash").isTextual()) {
        entry.set("xet_hash", sibling.get("xetHash"));
      }
    }
    return entry;
  }

  /** Returns the cache's format, empty if it would lack data that the Python client needs. */
  Optional<JsonNode> toTree() {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    tree.put("format_version", FORMAT_VERSION);
    ObjectNode all = tree.putObject("files");
    for (Map.Entry<String, JsonNode> file : files.entrySet()) {
      if (file.getValue().isEmpty()) {
        return Optional.empty();
      }
      all.set(file.getKey(), file.getValue());
    }
    return Optional.of(tree);
  }

  /** Reads the cache's format, empty if it has another version or is damaged. */
  static Optional<Listing> ofTree(String commit, String json) {
    try {
      JsonNode tree = Json.parse(json);
      if (tree.path("format_version").asInt() != FORMAT_VERSION || !tree.path("files").isObject()) {
        return Optional.empty();
      }
      Map<String, JsonNode> files = new TreeMap<>();
      tree.get("files").properties().forEach(file -> files.put(file.getKey(), file.getValue()));
      return Optional.of(new Listing(commit, files));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
