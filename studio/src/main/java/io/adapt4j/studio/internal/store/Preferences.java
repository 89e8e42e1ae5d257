package io.adapt4j.studio.internal.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.util.List;

/** The user's choices for all pages: language and colors. */
public final class Preferences {

  private static final String FILE = "preferences.json";
  private static final List<String> THEMES = List.of("auto", "light", "dark");

  private final Workspace workspace;
  private volatile String language = "";
  private volatile String theme = "auto";

  public Preferences(Workspace workspace) throws IOException {
    this.workspace = workspace;
    JsonNode saved = workspace.json(FILE);
    set(saved.path("language").asText(), saved.path("theme").asText());
  }

  /** The chosen language; empty for the browser's. */
  public String language() {
    return language;
  }

  public String theme() {
    return theme;
  }

  private void set(String newLanguage, String newTheme) {
    if (newLanguage.matches("en|de")) {
      language = newLanguage;
    }
    if (THEMES.contains(newTheme)) {
      theme = newTheme;
    }
  }

  /** Saves a choice; values that cannot be chosen change nothing. */
  public synchronized void choose(String newLanguage, String newTheme) throws IOException {
    String before = language + theme;
    set(newLanguage, newTheme);
    if (before.equals(language + theme)) {
      return;
    }
    workspace.save(
        FILE, JsonNodeFactory.instance.objectNode().put("language", language).put("theme", theme));
  }
}
