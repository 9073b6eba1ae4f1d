package layout

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Distinct gives data sets that lie below root and that are called alike names of their own, as far as they are called by
// their folders: a/test and b/test become a-test and b-test. Notes say so to people. Two copies of one published data set, or
// two names that cannot be told apart, are an error.
func Distinct(root string, sets []Dataset) (distinct []Dataset, notes []string, err error) {
	count := map[string]int{}
	for _, d := range sets {
		count[d.Name]++
	}
	taken := map[string]Dataset{}
	for _, d := range sets {
		if count[d.Name] > 1 && d.Anonymous() {
			if below, err := filepath.Rel(root, d.Dir); err == nil && filepath.IsLocal(below) && below != "." {
				if name := strings.ReplaceAll(filepath.ToSlash(below), "/", "-"); name != d.Name {
					notes = append(notes, fmt.Sprintf("%d sets are called %s: that of %s is called %s here", count[d.Name], d.Name, d.Dir, name))
					d = d.Renamed(name)
				}
			}
		}
		if other, ok := taken[d.Name]; ok {
			return nil, nil, fmt.Errorf("layout: both %s and %s hold %s; to tell them apart, rename one of the folders, or point to one of them alone with --data", other.Dir, d.Dir, d.Name)
		}
		taken[d.Name] = d
		distinct = append(distinct, d)
	}
	return distinct, notes, nil
}

// Anonymous tells that the data set is called by its folder, and nothing published is.
func (d Dataset) Anonymous() bool { return d.Layout == csvLayout || d.Layout == Folder }

// Renamed is the data set by another name, with all of its videos, and with the people who are called by the data set.
func (d Dataset) Renamed(name string) Dataset {
	rename := func(v Video) Video {
		v.Dataset = name
		if rest, ok := strings.CutPrefix(v.Identity, d.Name+"/"); ok {
			v.Identity = name + "/" + rest
		}
		return v
	}
	each := func(videos []Video) (renamed []Video) {
		for _, v := range videos {
			renamed = append(renamed, rename(v))
		}
		return renamed
	}
	var unread []Unread
	for _, u := range d.Unread {
		unread = append(unread, Unread{rename(u.Video), u.Fault})
	}
	d.Videos, d.Missing, d.Unread = each(d.Videos), each(d.Missing), unread
	d.Name = name
	return d
}
