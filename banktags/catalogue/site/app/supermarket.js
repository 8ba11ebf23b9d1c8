// The supermarket: dbt's docs app plus an entry for each tag. Tags are nodes of the manifest (resource_type "tag"); this adds
// their page, their shelves, their tree and their search to the app's Angular module, and leaves the rest of the app alone.
(() => {
  "use strict";

  const app = angular.module("dbt");
  const templates = window.supermarketTemplates;
  const GRAPH = "g_v&g_i&g_e&g_p&g_n"; // parameters by which the app keeps its lineage graph in the address

  const DIMENSIONS = { 人口: "Demographics", 资产: "Assets", 行为: "Behaviour", 风险: "Risk", 社交: "Social" };
  const SHELVES = [
    { branch: "certified", name: "标签超市", hint: "" },
    { branch: "draft", name: "草稿", hint: "尚未认证，口径可能变化 · Not certified yet; a rule may change." },
    { branch: "deprecated", name: "弃用", hint: "请改用其后继标签 · Use the successor." },
  ];
  const WORDS = {
    status: { draft: "草稿 draft", certified: "已认证 certified", deprecated: "弃用 deprecated" },
    kind: { fact: "事实标签 fact", rule: "规则标签 rule", model: "模型标签 model", derived: "衍生标签 derived" },
    timeliness: { static: "静态 static", daily: "每日 daily", intraday: "日内 intraday", realtime: "实时 real time" },
    input: { source: "源表 source", seed: "规则表 policy", tag: "标签 tag" },
    reader: { tag: "标签", model: "表", exposure: "专辑" },
    life: {
      requested: "需求 requested", defined: "口径 defined", developed: "开发 developed", verified: "验证 verified",
      certified: "认证 certified", published: "上线 published", monitored: "监控 monitored",
      deprecated: "弃用 deprecated", retired: "下线 retired",
    },
    severity: {
      error: "失败 fails the night", warn: "告警 warns", "by threshold": "按阈值 by threshold", "by setting": "按设置 by setting",
    },
    outcome: {
      passed: "通过 passed", looked_at: "已查看 looked at", violated: "有违反 violated", incomplete: "未查全 incomplete",
      looked_at_nothing: "什么也没看 looked at nothing", nothing_to_look_at: "没有可看的 nothing to look at",
      nothing_to_compare: "没有可比的 nothing to compare",
    },
    quality: { ok: "正常 ok", watch: "关注 watch", act: "处理 act", not_compared: "待比较 not compared" },
  };

  const byCode = new Map(); // tags by code, for links from text

  // ---- pages -------------------------------------------------------------------------------------------------------

  app.config(["$stateProvider", "markedProvider", ($stateProvider, markedProvider) => {
    const text = { type: "string" };
    $stateProvider
      .state("dbt.tag", {
        url: `tag/:unique_id?section&${GRAPH}`, params: { unique_id: text },
        controller: "TagCtrl", templateUrl: "/supermarket/tag.html",
      })
      .state("dbt.shelf", {
        url: `shelf/{branch:.*}?${GRAPH}`, // a path: may have slashes
        controller: "ShelfCtrl", templateUrl: "/supermarket/shelf.html",
      })
      .state("dbt.checks", {
        url: `checks/:check?${GRAPH}`, params: { check: { type: "string", value: "", squash: true } },
        controller: "ChecksCtrl", templateUrl: "/supermarket/checks.html",
      });
    markedProvider.setRenderer({
      table: (head, body) =>
        `<div class="scroll"><table class="table"><thead>${head}</thead><tbody>${body}</tbody></table></div>`,
      // A tag's code in any text of the site leads to the tag.
      codespan: (code) => {
        const tag = byCode.get(code);
        return tag ? `<a href="#!/tag/${tag.unique_id}"><code>${code}</code></a>` : `<code>${code}</code>`;
      },
    });
  }]);

  app.run(["$templateCache", ($templateCache) => {
    Object.entries(templates).forEach(([name, html]) => $templateCache.put(name, html));
    $templateCache.put("/main/main.html", templates["/supermarket/main.html"]);
    $templateCache.put("/overview/overview.html", templates["/supermarket/overview.html"]);
    $templateCache.put("/components/search/search.html", templates["/supermarket/search.html"]);
    const change = (name, from, to) => $templateCache.put(name, $templateCache.get(name).replaceAll(from, to));
    // A column that is a tag leads to its entry.
    change("/components/column_details/column_details.html",
      "{{ get_col_name(column.name) }}", '<column-name name="get_col_name(column.name)"></column-name>');
    // A tooltip would stay on the page that is opened next.
    change("/components/graph/graph-launcher.html", 'data-toggle="tooltip"', "");
    // The browser must not see an icon's address before it is filled in: it would try to open it.
    change("/components/model_tree/model_tree_line.html", "xlink:href=", "ng-attr-xlink:href=");
  }]);

  // ---- the tags ----------------------------------------------------------------------------------------------------

  // Shelves (certified, draft, deprecated), each a tree by path: {name, path, href, count, branches, tags}.
  app.factory("market", ["project", "$state", (project, $state) => {
    const market = { tags: [], albums: [], shelves: [], seeds: new Map(), build: null };

    const branchOf = (parent, name) => {
      let found = parent.branches.find((each) => each.name === name);
      if (!found) {
        found = { name, path: [...parent.path, name], count: 0, branches: [], tags: [], hint: parent.hint, parent };
        found.href = $state.href("dbt.shelf", { branch: found.path.join("/") });
        parent.branches.push(found);
      }
      return found;
    };
    const sort = (branch) => {
      const rank = (name) => Object.keys(DIMENSIONS).indexOf(name);
      branch.branches.sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name, "zh"));
      branch.branches.forEach(sort);
    };

    // No address inherits the graph that lies over the page on which the link stands.
    market.hrefOf = (id) => $state.href(`dbt.${id.split(".")[0]}`, { unique_id: id, "#": null }, { inherit: false });
    market.href = (node) => market.hrefOf(node.unique_id);
    market.hrefOfCheck = (name) => $state.href("dbt.checks", { check: name, "#": null }, { inherit: false });
    market.hrefOfSeed = (name) => market.seeds.has(name) && market.hrefOf(market.seeds.get(name));
    market.find = (path) => path.reduce(
      (branch, name) => branch && branch.branches.find((each) => each.name === name), { branches: market.roots });
    market.all = (branch) => [...branch.tags, ...branch.branches.flatMap(market.all)];
    // The branches from the shelf to a tag.
    market.trail = (node) => {
      const shelf = market.shelves.find((each) => each.branch === node.tag.branch);
      return node.tag.path.reduce((trail, name) => [...trail, branchOf(trail[trail.length - 1], name)], [shelf]);
    };

    market.ready = new Promise((resolve) => project.ready((data) => {
      market.build = data.metadata.catalogue;
      market.tags = Object.values(data.nodes).filter((node) => node.resource_type === "tag");
      Object.values(data.nodes).filter((node) => node.resource_type === "seed")
        .forEach((node) => market.seeds.set(node.name, node.unique_id));
      market.albums = Object.values(data.exposures).filter((node) => node.album);
      market.shelves = SHELVES.map((shelf) => ({
        // The certified tags are the supermarket: their paths begin at the dimension; the others' with their shelf.
        ...shelf, path: shelf.branch === "certified" ? [] : [shelf.name], count: 0, branches: [], tags: [],
      }));
      market.shelves.forEach((shelf) => { shelf.href = $state.href("dbt.shelf", { branch: shelf.name }); });
      market.tags.forEach((node) => {
        byCode.set(node.name, node);
        const trail = market.trail(node);
        trail.forEach((branch) => { branch.count += 1; });
        trail[trail.length - 1].tags.push(node);
      });
      market.shelves.forEach(sort);
      market.roots = [...market.shelves[0].branches, ...market.shelves];
      resolve(market);
    }));
    return market;
  }]);

  // ---- search ------------------------------------------------------------------------------------------------------

  // Whether the characters of a word stand in a text in their order: 月均 finds 月日均AUM.
  const inOrder = (word, text) => {
    let from = 0;
    for (const character of word) {
      from = text.indexOf(character, from) + 1;
      if (!from) return false;
    }
    return true;
  };
  const isChinese = (word) => /^[\u3400-\u9fff]{2,}$/.test(word);
  const wordsOf = (query) => query.toLowerCase().split(/[\s,，、]+/).filter(Boolean);

  // Weight of a word in a tag: how well it names the tag, else where it is mentioned; 0 = not at all.
  const tagWeight = (word, node) => {
    const tag = node.tag;
    const name = (tag.name_zh || "").toLowerCase();
    if (word === node.name || word === name) return 100;
    if (name.startsWith(word) || node.name.startsWith(word)) return 80;
    if (name.includes(word) || node.name.includes(word)) return 70;
    if (isChinese(word) && inOrder(word, name)) return 60;
    if (node.description.toLowerCase().includes(word)) return 30;
    if (tag.path.join("/").toLowerCase().includes(word)) return 25;
    if (Object.entries(tag.values || {}).flat().some((each) => String(each).toLowerCase().includes(word))) return 20;
    if ([...(tag.scenarios || []), tag.owner_business, tag.usage].some((each) => (each || "").toLowerCase().includes(word))) return 10;
    return 0;
  };
  // The same for dbt's own nodes, with the keys that the filters of the result page know.
  const nodeMatches = (word, node) => {
    const has = (text) => (text || "").toLowerCase().includes(word);
    const columns = Object.values(node.columns || {});
    return [
      ["name", 40, has(node.name) || has(node.label)],
      ["description", 15, has(node.description)],
      ["columns", 8, columns.some((column) => has(column.name))],
      ["column_description", 4, columns.some((column) => has(column.description))],
      ["tags", 4, (node.tags || []).some(has)],
      ["raw_code", 2, has(node.raw_code) || has(node.macro_sql)],
    ].filter(([, , found]) => found);
  };

  app.decorator("project", ["$delegate", (project) => {
    project.search = (query) => {
      const words = wordsOf(query);
      const tags = Object.values(project.project.nodes || {}).filter((node) => node.resource_type === "tag");
      if (!words.length) return tags.map((model) => ({ model, matches: [] }));
      const found = [];
      tags.forEach((model) => {
        const weights = words.map((word) => tagWeight(word, model));
        if (weights.every(Boolean)) {
          const certified = model.tag.branch === "certified" ? 5 : 0;
          const best = Math.max(...weights);
          found.push({ model, weight: 1000 + best + certified, matches: [{ key: best >= 60 ? "name" : "description", value: query }] });
        }
      });
      project.project.searchable.forEach((model) => {
        const perWord = words.map((word) => nodeMatches(word, model));
        if (perWord.every((matches) => matches.length)) {
          const matches = perWord.flat();
          found.push({
            model, weight: Math.max(...matches.map(([, weight]) => weight)),
            matches: matches.map(([key]) => ({ key, value: query })),
          });
        }
      });
      return found.sort((a, b) => b.weight - a.weight || a.model.name.length - b.model.name.length);
    };
    return project;
  }]);

  const escapeHtml = (text) =>
    String(text == null ? "" : text).replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);

  // A text with the words of a query marked.
  app.filter("mark", ["$sce", ($sce) => (text, query) => {
    const lower = String(text).toLowerCase();
    const words = wordsOf(query || "").flatMap((word) =>
      lower.includes(word) ? [word] : isChinese(word) && inOrder(word, lower) && lower.length < 30 ? [...word] : []);
    const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
    if (!pattern) return $sce.trustAsHtml(escapeHtml(text));
    const parts = String(text).split(new RegExp(`(${pattern})`, "gi"));
    return $sce.trustAsHtml(parts.map((part, i) => (i % 2 ? `<mark>${escapeHtml(part)}</mark>` : escapeHtml(part))).join(""));
  }]);

  // The part of a description that a query speaks of.
  app.filter("excerpt", () => (text, query) => {
    const plain = (text || "").replace(/[|`*#\s]+/g, " ");
    const at = Math.max(0, ...wordsOf(query || "").map((word) => plain.toLowerCase().indexOf(word)));
    const start = at < 120 ? 0 : at - 60;
    return (start ? "…" : "") + plain.slice(start, start + 220) + (plain.length > start + 220 ? "…" : "");
  });

  const shareText = (share) => {
    const percent = share * 100;
    if (percent > 0 && percent < 0.1) return "<0.1%";
    if (percent < 100 && percent > 99.9) return ">99.9%";
    return `${percent.toFixed(percent === 0 || percent === 100 ? 0 : 1)}%`;
  };
  app.filter("share", () => shareText);

  // ---- controllers -------------------------------------------------------------------------------------------------

  app.controller("FrameCtrl", ["$scope", "$transitions", "$state", "market", function ($scope, $transitions, $state, market) {
    const isTags = (name) => ["dbt.tag", "dbt.shelf", "dbt.checks", "dbt.overview", "dbt.project_overview"].includes(name);
    $scope.menu = { open: false, shows: isTags($state.current.name) ? "tags" : "dbt" };
    // Enter opens the first result, once the key itself has been dealt with.
    $scope.openFirst = (event) => {
      const first = document.querySelector(".search-result");
      if (event.key === "Enter" && first) setTimeout(() => first.click());
    };
    market.ready.then(() => $scope.$applyAsync(() => { $scope.build = market.build; }));
    const unhook = $transitions.onSuccess({}, (transition) => {
      $scope.menu.shows = isTags(transition.to().name) ? "tags" : "dbt";
      if (transition.to().name !== "dbt.shelf") $scope.menu.open = false;
    });
    $scope.$on("$destroy", unhook);
    $scope.$on("pageLeft", () => $scope.clearSearch());
    // Choosing the tag that is shown already changes no page.
    $scope.$on("tagChosen", () => { $scope.menu.open = false; });
  }]);

  app.directive("tagTree", ["$transitions", "$state", "market", ($transitions, $state, market) => ({
    restrict: "E", scope: {}, templateUrl: "/supermarket/tag_tree.html",
    link: (scope) => {
      scope.href = market.href;
      scope.selected = () => $state.params.unique_id;
      scope.toggle = (branch, event) => {
        // A second click on the open shelf folds it; a first one opens it and shows its tags.
        if (branch.open && branch.active) { branch.open = false; event.preventDefault(); } else branch.open = true;
        scope.$emit("clearSearch");
      };
      const follow = () => {
        const node = market.tags.find((each) => each.unique_id === $state.params.unique_id);
        const shelf = $state.current.name === "dbt.shelf" && market.find($state.params.branch.split("/"));
        const visit = (branch) => { branch.active = branch === shelf; branch.branches.forEach(visit); };
        market.shelves.forEach(visit);
        const trail = node ? market.trail(node) : [];
        for (let branch = shelf; branch; branch = branch.parent) trail.push(branch);
        trail.forEach((branch) => { branch.open = true; });
      };
      market.ready.then(() => scope.$applyAsync(() => { scope.shelves = market.shelves; follow(); }));
      scope.$on("$destroy", $transitions.onSuccess({}, () => { if (scope.shelves) follow(); }));
    },
  })]);

  app.directive("columnName", ["market", (market) => ({
    restrict: "E", scope: { name: "<" },
    template: '<a ng-if="node" ng-href="{{ href }}" ng-click="$event.stopPropagation()" title="{{ node.tag.name_zh }}">{{ name }}</a><span ng-if="!node">{{ name }}</span>',
    link: (scope) => market.ready.then(() => scope.$applyAsync(() => {
      scope.node = byCode.get(scope.name);
      scope.href = scope.node && market.href(scope.node);
    })),
  })]);

  app.controller("FrontCtrl", ["$scope", "market", function ($scope, market) {
    market.ready.then(() => $scope.$applyAsync(() => {
      const [certified, drafts] = market.shelves;
      $scope.build = market.build;
      $scope.total = market.tags.length;
      $scope.certified = certified.count;
      $scope.drafts = drafts;
      $scope.albums = market.albums;
      $scope.href = market.href;
      $scope.hrefOfCheck = market.hrefOfCheck;
      $scope.dimensions = Object.entries(DIMENSIONS).map(([name, english]) => {
        const onShelf = certified.branches.find((each) => each.name === name);
        const drafted = drafts.branches.find((each) => each.name === name);
        const shown = onShelf || drafted || { branches: [], count: 0 };
        return { name, english, href: shown.href, branches: shown.branches, count: shown.count, drafts: onShelf && drafted };
      });
    }));
  }]);

  app.controller("ShelfCtrl", ["$scope", "$state", "market", function ($scope, $state, market) {
    $scope.href = market.href;
    market.ready.then(() => $scope.$applyAsync(() => {
      $scope.loaded = true;
      const path = $state.params.branch.split("/");
      $scope.branch = market.find(path);
      if (!$scope.branch) return;
      $scope.crumbs = path.map((name, i) => market.find(path.slice(0, i + 1)));
      const groups = new Map();
      market.all($scope.branch).forEach((node) => {
        const skipped = $scope.branch.path.length - (node.tag.branch === "certified" ? 0 : 1);
        const name = node.tag.path.slice(skipped).join(" / ");
        groups.set(name, [...(groups.get(name) || []), node]);
      });
      $scope.groups = [...groups].map(([name, tags]) => ({ name, tags }));
    }));
  }]);

  // All checks by family; the one that the address names is scrolled to.
  app.controller("ChecksCtrl", ["$scope", "$state", "$timeout", "market", function ($scope, $state, $timeout, market) {
    $scope.words = WORDS;
    $scope.hrefOfCheck = market.hrefOfCheck;
    $scope.scrollTo = (id) => document.getElementById(id).scrollIntoView();
    market.ready.then(() => $scope.$applyAsync(() => {
      const families = new Map();
      market.build.checks.forEach((check) => {
        families.set(check.family, [...(families.get(check.family) || []), { ...check, looked: lookedText(check) }]);
      });
      const name = $state.params.check;
      const known = market.build.checks.some((check) => check.check_name === name);
      Object.assign($scope, {
        build: market.build, total: market.build.checks.length, asked: name && { name, known },
        families: [...families].map(([family, checks]) => ({ name: family, checks })),
      });
      if (known) $timeout(() => $scope.scrollTo(`check-${name}`));
    }));
  }]);

  // How many tags a check looked at; where it looks at something else, how many of that.
  const lookedText = ({ outcome, scope, subjects_expected: expected, subjects_looked_at: looked, tags_looked_at: tags }) => {
    if (!outcome) return "";
    const of = looked === expected ? "" : ` / ${numberText(expected, 0)}`;
    return tags ? `看过 ${numberText(tags, 0)}${of} 个标签 tags` : `看过 ${numberText(looked, 0)}${of} · ${scope}`;
  };

  app.directive("parameterTable", ["market", (market) => ({
    restrict: "E", scope: { groups: "<", title: "<" }, templateUrl: "/supermarket/parameters.html",
    link: (scope) => { scope.hrefOfSeed = market.hrefOfSeed; },
  })]);

  app.controller("TagCtrl", ["$scope", "$state", "$timeout", "code", "graph", "market", function ($scope, $state, $timeout, code, graph, market) {
    $scope.words = WORDS;
    $scope.sql = (text) => code.highlight(text);
    $scope.hrefOf = (tagCode) => byCode.has(tagCode) ? market.href(byCode.get(tagCode)) : "";
    $scope.hrefOfId = market.hrefOf;
    $scope.nameOf = (tagCode) => (byCode.has(tagCode) ? byCode.get(tagCode).tag.name_zh : tagCode);
    $scope.href = market.href;
    $scope.hrefOfSeed = market.hrefOfSeed;
    $scope.scrollTo = (id) => document.getElementById(id).scrollIntoView({ behavior: "smooth" });
    $scope.lineage = () => graph.showFullGraph($scope.node.name);
    $scope.copy = (text, what) => {
      code.copy_to_clipboard(text);
      $scope.copied = what;
      $timeout(() => { $scope.copied = null; }, 1500);
    };
    market.ready.then(() => $scope.$applyAsync(() => {
      // Who writes a link by hand knows the tag's code: #!/tag/aum_tier.
      const named = byCode.get($state.params.unique_id);
      if (named) { $state.go("dbt.tag", { unique_id: named.unique_id }, { location: "replace" }); return; }
      $scope.loaded = true;
      const node = market.tags.find((each) => each.unique_id === $state.params.unique_id);
      if (!node) return;
      const tag = node.tag;
      Object.assign($scope, { node, tag, build: market.build, values: Object.entries(tag.values || {}).map(([value, label]) => ({ value, label })) });
      $scope.crumbs = market.trail(node).filter((branch) => branch.path.length);
      $scope.definition = definitionParts(tag.definition_zh, market.seeds);
      $scope.decidedBy = tag.decided_by.filter((code) => byCode.has(code)).map((code) => byCode.get(code));
      $scope.lists = tag.lists.map((seed) => ({ seed, ...market.build.lists[seed] }));
      $scope.hasNumbers = tag.parameters.length || $scope.decidedBy.length || $scope.lists.length;
      $scope.example = example(node);
      $scope.figures = figures(tag.quality, tag.confidence);
      $scope.bars = bars(tag.distribution);
      const sign = { more: "> ", less: "< " };
      $scope.coverage = tag.quality && `${sign[tag.quality.coverage_is] || ""}${shareText(tag.quality.coverage)}`;
    }));
  }]);

  // A Chinese definition with the seeds and tags that it names, which lead to the numbers in force and to the tag's page.
  const definitionParts = (text, seeds) => (text || "").split(/([a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z]{4,})/).filter(Boolean)
    .map((part) => ({ text: part, kind: seeds.has(part) ? "seed" : byCode.has(part) ? "tag" : "text" }));

  // A first query with a tag, by what it holds.
  const example = ({ name, tag }) => {
    const value = Object.keys(tag.values || {})[0];
    const from = "from marts.customer_tags";
    if (tag.data_type === "boolean") return `select customer_id\n${from}\nwhere ${name}`;
    if (value !== undefined) return `select customer_id, ${name}\n${from}\nwhere ${name} = ${tag.data_type === "string" ? `'${value}'` : value}`;
    if (tag.data_type === "string") return `select ${name}, count(*) as customers\n${from}\ngroup by ${name}\norder by customers desc`;
    return `select customer_id, ${name}\n${from}\nwhere ${name} is not null\norder by ${name} desc\nlimit 20`;
  };

  const percentText = (share) => (share == null ? null : `${(share * 100).toFixed(1)}%`);
  const numberText = (value, digits) =>
    (value == null ? null : typeof value === "string" ? value : value.toLocaleString("en", { maximumFractionDigits: digits }));

  const confidenceText = ({ lowest, customers }) => {
    if (lowest === 1) return "1";
    return `≥ ${lowest.toFixed(2)} · ${customers === null ? "全部 all" : `${numberText(customers, 0)} 人 < 1`}`;
  };

  // Figures that there are: on a first build there is no other date to compare with.
  const figures = (quality, confidence) => quality && [
    ["置信度 Confidence", confidenceText(confidence)],
    ["状态 Status", WORDS.quality[quality.status] || quality.status],
    ["不同取值 Distinct values", numberText(quality.distinct_values, 0)],
    ["字典外客户 Out of dictionary", numberText(quality.out_of_dictionary_customers, 0)],
    [`PSI,较 since ${quality.previous_date}`, numberText(quality.psi_since_previous, 3)],
    ["最大相对变化 Largest change", percentText(quality.relative_change_since_previous)],
    [`PSI,较基期 since ${quality.reference_date}`, numberText(quality.psi_since_reference, 3)],
  ].filter(([, text]) => text !== null).map(([name, text]) => ({ name, text }));

  const bars = (distribution) => {
    if (!distribution) return [];
    const all = [...distribution.bars];
    if (distribution.others) all.push({ kind: "others", label: "其他 others", customers: distribution.others });
    const total = all.reduce((sum, bar) => sum + bar.customers, 0);
    const most = Math.max(...all.map((bar) => bar.customers));
    return all.map((bar) => ({ ...bar, share: bar.customers / total, width: (100 * bar.customers) / most }));
  };

  // ---- lineage -----------------------------------------------------------------------------------------------------

  // The graph is one of tables: for a tag it shows the one that computes it. Who asks for it (showFullGraph, a click) gets all
  // that lies before that table. dbt's app also calls showVerticalGraph at each change of page, only to have the graph ready
  // behind the page: that may open nothing.
  app.decorator("graph", ["$delegate", "selectorService", (graph, selectorService) => {
    const { showFullGraph, showVerticalGraph } = graph;
    const modelOf = (tagCode) => byCode.get(tagCode).tag.model;
    graph.showFullGraph = (name) => {
      if (!byCode.has(name)) return showFullGraph(name);
      const { selection, options } = selectorService;
      selection.dirty = { ...options, include: `+${modelOf(name)}`, exclude: "" };
      return graph.updateGraph(selectorService.updateSelection());
    };
    graph.showVerticalGraph = (name, expand) => showVerticalGraph(byCode.has(name) ? modelOf(name) : name, expand);
    return graph;
  }]);

  // What was open over a page closes when the reader goes on to another: the results of a search, the menu of a phone, and the
  // graph, unless the address asks for it. Back from a graph to the page before it closes it too.
  app.run(["$rootScope", "$transitions", "graph", ($rootScope, $transitions, graph) => {
    const pageOf = (state, { unique_id: id, branch, check }) => [state.name, id, branch, check].join();
    $transitions.onSuccess({}, (transition) => {
      const isSamePage = pageOf(transition.from(), transition.params("from")) === pageOf(transition.to(), transition.params("to"));
      if (!transition.params("to").g_v && (!isSamePage || graph.orientation === "fullscreen")) graph.hideGraph();
      if (!isSamePage) $rootScope.$broadcast("pageLeft");
    });
  }]);
})();
